/* Uppercase over TCP: each line comes back in capitals. A child serves each client. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int fd;
    char held[70000];
};

static struct client *clients[1024];

int main(int argc, char **argv) {
    int welcome = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(welcome, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1]))};
    if (bind(welcome, (struct sockaddr *)&here, sizeof here) < 0 || listen(welcome, 64) < 0)
        return 1;
    for (;;) {
        fd_set ready;
        FD_ZERO(&ready);
        FD_SET(welcome, &ready);
        for (int i = 0; i < 1024; i++)
            if (clients[i])
                FD_SET(i, &ready);
        select(1024, &ready, NULL, NULL, NULL);
        for (int fd = 0; fd < 1024; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            if (fd == welcome) {
                int connection = accept(welcome, NULL, NULL);
                clients[connection] = calloc(1, sizeof(struct client));
                continue;
            }
            char *held = clients[fd]->held;
            ssize_t came = read(fd, held + strlen(held), 60000 - strlen(held));
            if (came <= 0) {
                close(fd);
                free(clients[fd]);
                clients[fd] = NULL;
                continue;
            }
            while (*held) {
                char *end = strchr(held, '\n');
                *end = 0;
                for (char *c = held; *c; c++)
                    *c = toupper(*c);
                *end = '\n';
                send(fd, held, end + 1 - held, MSG_NOSIGNAL);
                memmove(held, end + 1, strlen(end + 1) + 1);
            }
        }
    }
}
