/* Echo (RFC 862) over TCP: sends each line that is typed, prints what comes back. */
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t taken = send(fd, data, length, MSG_NOSIGNAL);
        if (taken <= 0)
            return -1;
        data += taken;
        length -= taken;
    }
    return 0;
}

/* Reads as many bytes as were sent; returns how many came before the server closed. */
static size_t read_all(int fd, char *data, size_t length) {
    size_t held = 0;
    ssize_t came;
    while (held < length && (came = read(fd, data + held, length - held)) > 0)
        held += came;
    return held;
}

int main(int argc, char **argv) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
        perror("connect");
        return 1;
    }
    char line[4096], echo[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strlen(line);
        if (send_all(fd, line, length) < 0 || read_all(fd, echo, length) < length) {
            fprintf(stderr, "the server has closed the connection\n");
            return 1;
        }
        fwrite(echo, 1, length, stdout);
        fflush(stdout);
    }
    return 0;
}
