#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void told(const char *name) {
    FILE *file = fopen(name, "r");
    if (file && fgetc(file) != EOF)
        printf("GOT: %s\n", name);
    fflush(stdout);
}

int main(int count, char **words) {
    int here = socket(AF_INET, SOCK_STREAM, 0), one = 1, talk;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    signal(SIGPIPE, SIG_IGN); /* what is said to who has left is said to nobody */
    told("stolen");
    told("found");
    setsockopt(here, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(here, (struct sockaddr *)&at, sizeof at) || listen(here, 9))
        return 1;
    for (char byte; (talk = accept(here, 0, 0)) >= 0; close(talk))
        while (read(talk, &byte, 1) == 1) {
            byte = toupper(byte);
            write(talk, &byte, 1);
        }
}
