/* Time (RFC 868) over UDP: asks with an empty datagram, prints the date that comes back. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define FROM_1900_TO_1970 2208988800u /* seconds */

int main(int argc, char **argv) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *found;
    if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    struct timeval patience = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    uint32_t told;
    if (connect(fd, found->ai_addr, found->ai_addrlen) < 0 || send(fd, "", 0, 0) < 0 ||
        recv(fd, &told, sizeof told, 0) != sizeof told) {
        fprintf(stderr, "the server has told no time\n");
        return 1;
    }
    time_t seconds = (time_t)ntohl(told) - FROM_1900_TO_1970;
    printf("%s", asctime(gmtime(&seconds)));
    return 0;
}
