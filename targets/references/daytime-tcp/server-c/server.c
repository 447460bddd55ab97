/* Daytime (RFC 867) over TCP: tells the date and time, then closes. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a client that is gone is no reason to die */
    int welcome = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(welcome, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    if (bind(welcome, (struct sockaddr *)&here, sizeof here) < 0 || listen(welcome, 64) < 0) {
        perror("bind");
        return 1;
    }
    for (;;) {
        int connection = accept(welcome, NULL, NULL);
        if (connection < 0)
            continue;
        char text[64];
        time_t now = time(NULL);
        strftime(text, sizeof text, "%a %b %d %H:%M:%S %Y\r\n", gmtime(&now));
        if (write(connection, text, strlen(text)) < 0)
            perror("write");
        close(connection); /* nobody waits: no client is asked for anything */
    }
}
