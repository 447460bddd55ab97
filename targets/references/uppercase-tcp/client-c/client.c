/* Uppercase over TCP: sends each line that is typed, prints the line that comes back. */
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(const char *host, const char *port) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connect(fd, found->ai_addr, found->ai_addrlen) < 0)
        fd = -1;
    freeaddrinfo(found);
    return fd;
}

static int write_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t taken = write(fd, data, length);
        if (taken <= 0)
            return -1;
        data += taken;
        length -= taken;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int fd = connect_to(argv[1], argv[2]);
    if (fd < 0) {
        perror("connect");
        return 1;
    }
    FILE *answers = fdopen(fd, "r");
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (write_all(fd, line, strlen(line)) < 0 || fgets(line, sizeof line, answers) == NULL) {
            fprintf(stderr, "the server has closed the connection\n");
            return 1;
        }
        fputs(line, stdout);
        fflush(stdout);
    }
    fclose(answers);
    return 0;
}
