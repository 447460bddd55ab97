/* Uppercase over TCP: each line comes back in capitals. A child serves each client. */
#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONGEST = 65536 };

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

static int answer(int fd, const char *line, size_t length) {
    char capitals[LONGEST];
    for (size_t i = 0; i < length; i++)
        capitals[i] = line[i] >= 'a' && line[i] <= 'z' ? line[i] - 'a' + 'A' : line[i];
    return write_all(fd, capitals, length);
}

static void serve(int fd) {
    char buffer[LONGEST];
    size_t held = 0;
    ssize_t came;
    while (held < LONGEST && (came = read(fd, buffer + held, LONGEST - held)) > 0) {
        held += came;
        char *start = buffer, *end;
        while ((end = memchr(start, '\n', buffer + held - start)) != NULL) {
            if (answer(fd, start, end + 1 - start) < 0)
                return;
            start = end + 1;
        }
        held -= start - buffer;
        memmove(buffer, start, held);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a client that is gone is no reason to die */
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
            close(welcome);
            serve(connection);
            _exit(0);
        }
        close(connection);
    }
}
