/* Daytime (RFC 867) over UDP: each datagram is answered by the date and time. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

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
        char question, text[64];
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        if (recvfrom(server, &question, 1, 0, (struct sockaddr *)&client, &size) < 0)
            continue;
        time_t now = time(NULL);
        strftime(text, sizeof text, "%a %b %d %H:%M:%S %Y\r\n", gmtime(&now));
        sendto(server, text, strlen(text) + 1, 0, (struct sockaddr *)&client, size);
    }
}
