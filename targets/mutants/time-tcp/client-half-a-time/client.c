/* Time (RFC 868) over TCP: reads 4 bytes and prints the date that they tell. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FROM_1900_TO_1970 2208988800u /* seconds */

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
    uint32_t told = 0;
    if (recv(fd, &told, sizeof told, MSG_WAITALL) < 0) {
        fprintf(stderr, "the server has told no time\n");
        return 1;
    }
    time_t seconds = (time_t)ntohl(told) - FROM_1900_TO_1970;
    printf("%s", asctime(gmtime(&seconds)));
    return 0;
}
