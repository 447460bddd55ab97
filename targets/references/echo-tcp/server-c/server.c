/* Echo (RFC 862) over TCP: what comes goes back. One process waits for all clients with poll(). */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 256, ROOM = 16384 };

struct client {
    char data[ROOM]; /* read, and not yet sent back */
    size_t held;
    int ended; /* it will say no more */
};

static struct pollfd watched[MOST]; /* [0] is the welcome socket */
static struct client *clients[MOST];
static int count = 1;

static void let_in(int fd) {
    if (fd < 0)
        return;
    if (count == MOST) {
        close(fd);
        return;
    }
    clients[count] = calloc(1, sizeof(struct client));
    watched[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void let_go(int i) {
    close(watched[i].fd);
    free(clients[i]);
    count--;
    watched[i] = watched[count];
    clients[i] = clients[count];
}

/* Returns 0 when the client is done with. */
static int serve(struct pollfd *p, struct client *c) {
    if (p->revents & (POLLERR | POLLNVAL))
        return 0;
    if (p->revents & (POLLIN | POLLHUP) && !c->ended && c->held < ROOM) {
        ssize_t came = recv(p->fd, c->data + c->held, ROOM - c->held, MSG_DONTWAIT);
        if (came < 0)
            return 0;
        c->ended = came == 0;
        c->held += came;
    }
    if (c->held > 0) {
        ssize_t sent = send(p->fd, c->data, c->held, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            c->held -= sent;
            memmove(c->data, c->data + sent, c->held);
        }
    }
    p->events = (c->ended || c->held == ROOM ? 0 : POLLIN) | (c->held > 0 ? POLLOUT : 0);
    return !(c->ended && c->held == 0);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int welcome = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(welcome, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    if (bind(welcome, (struct sockaddr *)&here, sizeof here) < 0 || listen(welcome, 64) < 0) {
        perror("bind");
        return 1;
    }
    watched[0] = (struct pollfd){.fd = welcome, .events = POLLIN};
    while (poll(watched, count, -1) >= 0) {
        for (int i = count - 1; i > 0; i--)
            if (watched[i].revents && !serve(&watched[i], clients[i]))
                let_go(i);
        if (watched[0].revents)
            let_in(accept(welcome, NULL, NULL));
    }
    return 1;
}
