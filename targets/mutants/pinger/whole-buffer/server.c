/* UDP pinger: each ping comes back in capitals, as its pong. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int server = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    if (bind(server, (struct sockaddr *)&here, sizeof here) < 0) {
        perror("bind");
        return 1;
    }
    for (;;) {
        char data[1024] = {0};
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        ssize_t length = recvfrom(server, data, sizeof data, 0, (struct sockaddr *)&client, &size);
        if (length < 0)
            continue;
        for (ssize_t i = 0; i < length; i++)
            if (data[i] >= 'a' && data[i] <= 'z')
                data[i] += 'A' - 'a';
        sendto(server, data, sizeof data, 0, (struct sockaddr *)&client, size);
    }
}
