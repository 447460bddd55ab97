/* Discard (RFC 863) over TCP: what comes is thrown away. A child serves each client. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    signal(SIGCHLD, SIG_IGN); /* nobody waits for the children */
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
        if (fork() == 0) {
            char data[4096];
            close(welcome);
            while (read(connection, data, sizeof data) > 0)
                ;
            _exit(0);
        }
        close(connection);
    }
}
