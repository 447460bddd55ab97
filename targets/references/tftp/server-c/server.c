/* TFTP server (RFC 1350, 1123, 2347, 2348): server PORT FOLDER [MILLISECONDS].
 * A process for each transfer, on a port of its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RRQ = 1, WRQ, DATA, ACK, ERROR, OACK };
enum { NOT_FOUND = 1, NO_ACCESS = 2, ILLEGAL = 4, UNKNOWN_ID = 5, EXISTS = 6 };
enum { HEAD = 4, LARGEST = 65464, TRIES = 4 };

struct transfer {
    int sock, netascii;
    size_t size;
    struct sockaddr_in client;
    char path[PATH_MAX];
};

static int milliseconds = 1000;

static size_t head(unsigned char *packet, unsigned opcode, unsigned number)
{
    packet[0] = 0;
    packet[1] = (unsigned char)opcode;
    packet[2] = (unsigned char)(number >> 8);
    packet[3] = (unsigned char)number;
    return HEAD;
}

static void put(const struct transfer *t, const void *packet, size_t length)
{
    sendto(t->sock, packet, length, 0, (const struct sockaddr *)&t->client, sizeof t->client);
}

static void refuse(const struct transfer *t, unsigned code, const char *text)
{
    unsigned char packet[HEAD + 100];
    head(packet, ERROR, code);
    strcpy((char *)packet + HEAD, text);
    put(t, packet, HEAD + strlen(text) + 1);
}

static long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* A datagram of the client's, -1 when the time is over. Others are told that they are wrong. */
static ssize_t next(const struct transfer *t, unsigned char *packet, size_t room, long until)
{
    for (;;) {
        struct pollfd ready = {.fd = t->sock, .events = POLLIN};
        long left = until - now();
        if (left < 0 || poll(&ready, 1, (int)left) <= 0)
            return -1;
        struct sockaddr_in source;
        socklen_t size = sizeof source;
        ssize_t length = recvfrom(t->sock, packet, room, 0, (struct sockaddr *)&source, &size);
        if (length < 0)
            continue;
        if (source.sin_addr.s_addr == t->client.sin_addr.s_addr &&
            source.sin_port == t->client.sin_port)
            return length;
        struct transfer stranger = *t;
        stranger.client = source;
        refuse(&stranger, UNKNOWN_ID, "this is not your transfer");
    }
}

/* Sends, and waits for a packet that begins as `wanted` does; sends again when none comes, and,
 * where it is an ACK, when the DATA comes again that it answers. Returns its length, -1: over. */
static ssize_t exchange(const struct transfer *t, const unsigned char *sent, size_t length,
                        const unsigned char *wanted, unsigned char *came, size_t room)
{
    unsigned char before[HEAD] = {0, DATA, sent[2], sent[3]};
    for (long tries = 0, wait = milliseconds; tries < TRIES; tries++, wait *= 2) {
        long until = now() + wait;
        ssize_t got;
        put(t, sent, length);
        while ((got = next(t, came, room, until)) >= 0) {
            if (got >= HEAD && memcmp(came, wanted, HEAD) == 0)
                return got;
            if (got >= 2 && came[1] == ERROR)
                return -1;
            if (sent[1] == ACK && got >= HEAD && memcmp(came, before, HEAD) == 0)
                put(t, sent, length);
        }
    }
    return -1;
}

/* Takes the next byte of a file as it is sent: in netascii LF is CR LF, and CR is CR NUL. */
static int byte_of(FILE *file, int netascii, int *behind)
{
    if (*behind >= 0) {
        int byte = *behind;
        *behind = -1;
        return byte;
    }
    int byte = getc(file);
    if (!netascii || (byte != '\n' && byte != '\r'))
        return byte;
    *behind = byte == '\n' ? '\n' : '\0';
    return '\r';
}

static void send_file(struct transfer *t, const unsigned char *oack, size_t length)
{
    static unsigned char packet[HEAD + LARGEST], came[HEAD + LARGEST], wanted[HEAD];
    int behind = -1;
    FILE *file = fopen(t->path, "rb");
    if (file == NULL || (fseek(file, 0, SEEK_END), ftell(file)) == LONG_MAX) {
        refuse(t, NOT_FOUND, "there is no such file");
        return;
    }
    rewind(file);
    head(wanted, ACK, 0);
    if (length && exchange(t, oack, length, wanted, came, sizeof came) < 0)
        return;
    for (unsigned number = 1;; number++) {
        size_t count = 0;
        int byte;
        while (count < t->size && (byte = byte_of(file, t->netascii, &behind)) != EOF)
            packet[HEAD + count++] = (unsigned char)byte;
        head(packet, DATA, number);
        head(wanted, ACK, number);
        if (exchange(t, packet, HEAD + count, wanted, came, sizeof came) < 0 || count < t->size)
            break;
    }
    fclose(file);
}

static void write_bytes(FILE *file, const unsigned char *data, size_t count, int netascii, int *cr)
{
    for (size_t at = 0; at < count; at++) {
        if (!netascii) {
            putc(data[at], file);
        } else if (*cr) {
            putc(data[at] == '\0' ? '\r' : data[at], file);
            *cr = 0;
        } else if (data[at] == '\r') {
            *cr = 1;
        } else {
            putc(data[at], file);
        }
    }
}

static void take_file(struct transfer *t, const unsigned char *oack, size_t length)
{
    static unsigned char answer[HEAD + LARGEST], came[HEAD + LARGEST], wanted[HEAD];
    int cr = 0;
    if (access(t->path, F_OK) == 0) {
        refuse(t, EXISTS, "this file exists");
        return;
    }
    FILE *file = fopen(t->path, "wb");
    if (file == NULL) {
        refuse(t, NO_ACCESS, "this is not for you");
        return;
    }
    if (length)
        memcpy(answer, oack, length);
    else
        length = head(answer, ACK, 0);
    for (unsigned number = 1;; number++) {
        head(wanted, DATA, number);
        ssize_t got = exchange(t, answer, length, wanted, came, sizeof came);
        if (got < 0)
            break;
        write_bytes(file, came + HEAD, (size_t)got - HEAD, t->netascii, &cr);
        length = head(answer, ACK, number);
        if ((size_t)got - HEAD < t->size)
            break;
    }
    fclose(file);
    put(t, answer, length);
    long until = now() + 2 * milliseconds; /* the last ACK may be lost */
    for (ssize_t got; (got = next(t, came, sizeof came, until)) >= 0;)
        if (got >= HEAD && memcmp(came, wanted, HEAD) == 0)
            put(t, answer, length);
}

/* Finds where the file lies. Returns 0 where that is outside of the folder. */
static int locate(struct transfer *t, const char *folder, const char *name)
{
    char root[PATH_MAX], joined[2 * PATH_MAX], parent[2 * PATH_MAX], real[PATH_MAX];
    while (*name == '/')
        name++;
    if (realpath(folder, root) == NULL)
        return 0;
    if (snprintf(joined, sizeof joined, "%s/%s", root, name) >= PATH_MAX)
        return 0;
    strcpy(parent, joined);
    *strrchr(parent, '/') = '\0';
    if (realpath(parent, real) == NULL)
        strcpy(real, strstr(joined, "/..") ? "/" : root); /* there is no such folder */
    size_t length = strlen(root);
    if (strncmp(real, root, length) != 0 || (real[length] != '/' && real[length] != '\0'))
        return 0;
    const char *last = strrchr(joined, '/') + 1;
    if (strcmp(last, "..") == 0)
        return 0;
    strcpy(t->path, joined);
    return 1;
}

/* Writes what is agreed to of the options, and returns how long that is, 0 for nothing. */
static size_t agree(struct transfer *t, unsigned char *oack, const char *at, const char *end)
{
    while (at < end) {
        const char *name = at, *value = name + strlen(name) + 1;
        at = value + strlen(value) + 1;
        char *rest;
        long size = strtol(value, &rest, 10);
        if (strcasecmp(name, "blksize") != 0 || *rest || rest == value || size < 8)
            continue;
        t->size = size < LARGEST ? (size_t)size : LARGEST;
        oack[0] = 0;
        oack[1] = OACK;
        int length = sprintf((char *)oack + 2, "blksize%c%zu", 0, t->size);
        return 2 + (size_t)length + 1;
    }
    return 0;
}

static void serve(struct transfer *t, const char *folder, const char *request, size_t length)
{
    unsigned char oack[100];
    int opcode = length >= 2 && request[0] == 0 ? request[1] : 0, texts = 0;
    for (size_t at = 2; at < length; at++)
        texts += request[at] == '\0';
    if ((opcode != RRQ && opcode != WRQ) || texts < 2 || texts % 2 || request[length - 1]) {
        refuse(t, ILLEGAL, "this is no request");
        return;
    }
    const char *name = request + 2, *mode = name + strlen(name) + 1;
    t->netascii = strcasecmp(mode, "netascii") == 0;
    if (!*name || (!t->netascii && strcasecmp(mode, "octet") != 0)) {
        refuse(t, ILLEGAL, "the mode is octet or netascii");
        return;
    }
    if (!locate(t, folder, name)) {
        refuse(t, NO_ACCESS, "this is not for you");
        return;
    }
    size_t agreed = agree(t, oack, mode + strlen(mode) + 1, request + length);
    if (opcode == RRQ)
        send_file(t, oack, agreed);
    else
        take_file(t, oack, agreed);
}

static int bound(unsigned port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (sock < 0 || bind(sock, (struct sockaddr *)&own, sizeof own) < 0) {
        perror("server");
        exit(1);
    }
    return sock;
}

int main(int argc, char **argv)
{
    static char request[65536];
    if (argc < 3)
        return 2;
    if (argc > 3)
        milliseconds = atoi(argv[3]);
    signal(SIGCHLD, SIG_IGN);
    int sock = bound((unsigned)atoi(argv[1]));
    for (;;) {
        struct transfer t = {.size = 512};
        socklen_t size = sizeof t.client;
        ssize_t length = recvfrom(sock, request, sizeof request, 0,
                                  (struct sockaddr *)&t.client, &size);
        if (length < 0 || fork() != 0)
            continue;
        close(sock);
        t.sock = bound(0);
        serve(&t, argv[2], request, (size_t)length);
        return 0;
    }
}
