/* UDP pinger: sends ten pings, waits a second for each pong, prints the round-trip times. */
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Says whether the datagram begins as the pong to this ping does. */
static int answers(const char *data, int number) {
    char head[32];
    int length = snprintf(head, sizeof head, "PING %d ", number);
    return strncmp(data, head, length) == 0;
}

/* Returns the round-trip time in seconds, or -1 if no pong has come within a second. */
static double ping(int fd, const struct addrinfo *server, int number) {
    char data[2048];
    double start = now(), left;
    int length = snprintf(data, sizeof data, "Ping %d %ld\n", number, (long)time(NULL));
    sendto(fd, data, length, 0, server->ai_addr, server->ai_addrlen);
    while ((left = start + 1.0 - now()) > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)(left * 1000) + 1) <= 0)
            continue;
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(fd, data, sizeof data - 1, 0, (struct sockaddr *)&from, &size);
        if (got < 0 || size != server->ai_addrlen || memcmp(&from, server->ai_addr, size) != 0)
            continue; /* a stranger's */
        data[got] = '\0';
        if (answers(data, number))
            return now() - start;
    }
    return -1;
}

int main(int argc, char **argv) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *server;
    if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &server) != 0) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    int fd = socket(server->ai_family, server->ai_socktype, server->ai_protocol);
    for (int number = 1; number <= 10; number++) {
        double rtt = ping(fd, server, number);
        if (rtt < 0)
            printf("Request timed out\n");
        else
            printf("Reply to ping %d: time=%.3f ms\n", number, rtt * 1000);
    }
    getchar();
    close(fd);
    freeaddrinfo(server);
    return 0;
}
