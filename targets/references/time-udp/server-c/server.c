/* Time (RFC 868) over UDP: an empty datagram is answered by the seconds since 1900 in 4 bytes. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define FROM_1900_TO_1970 2208988800u /* seconds */

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
        char question;
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        ssize_t length = recvfrom(server, &question, 1, 0, (struct sockaddr *)&client, &size);
        if (length != 0)
            continue; /* RFC 868 knows the empty datagram only */
        uint32_t now = htonl((uint32_t)time(NULL) + FROM_1900_TO_1970);
        sendto(server, &now, sizeof now, 0, (struct sockaddr *)&client, size);
    }
}
