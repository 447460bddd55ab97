/* Word game player: player [-n host] [-p port]. Plays over UDP, gets files over TCP. */
#include <ctype.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TRIES = 3, LONGEST_WORD = 30, REPLY = 65536 };

static const char *host = "127.0.0.1", *port = "58000";
static char player[7], shown[LONGEST_WORD + 1];
static int udp, trial = 1;

static int connected(int type) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = type}, *found;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* Says whether a reply is to an earlier request. */
static int is_late(const char *reply, const char *name) {
    static const char *names[] = {"RSG", "RLG", "RWG", "RQT"};
    int number;
    if (strncmp(reply, name, 3) == 0)
        return sscanf(reply, "%*s %*s %d", &number) == 1 && strcmp(name, "RSG") != 0 &&
               number < trial;
    for (int i = 0; i < 4; i++)
        if (strncmp(reply, names[i], 3) == 0)
            return 1;
    return 0;
}

/* Sends a request and waits for the reply named so; asks again where it is lost. */
static int ask(const char *request, const char *name, char *reply) {
    for (int i = 0; i < TRIES; i++) {
        if (send(udp, request, strlen(request), 0) < 0)
            continue;
        ssize_t came;
        while ((came = recv(udp, reply, REPLY - 1, 0)) >= 0) {
            reply[came] = '\0';
            if (!is_late(reply, name))
                return 1;
        }
    }
    puts("no answer from the server, try again");
    return 0;
}

static void start(const char *plid) {
    static char reply[REPLY];
    char request[16];
    int letters, errors;
    snprintf(request, sizeof request, "SNG %.6s\n", plid);
    if (!ask(request, "RSG", reply))
        return;
    if (sscanf(reply, "RSG OK %d %d", &letters, &errors) != 2 || letters > LONGEST_WORD) {
        printf("no new game: %.7s\n", reply);
        return;
    }
    snprintf(player, sizeof player, "%.6s", plid);
    memset(shown, 0, sizeof shown);
    memset(shown, '_', letters > 0 ? letters : 0);
    trial = 1;
    printf("%s (%d errors allowed)\n", shown, errors);
}

static void show_places(char *reply, char letter) {
    int used, place, length = strlen(shown);
    if (sscanf(reply, "RLG OK %*d %*d%n", &used) < 0)
        return;
    for (char *at = reply + used; (place = strtol(at, &at, 10)) > 0 && place <= length;)
        shown[place - 1] = toupper((unsigned char)letter);
}

/* Plays a letter ("PLG", "RLG") or a word ("PWG", "RWG"). */
static void play(const char *verb, const char *name, const char *said) {
    static char reply[REPLY];
    char request[64], status[4] = "";
    snprintf(request, sizeof request, "%s %s %.30s %d\n", verb, player, said, trial);
    if (!ask(request, name, reply))
        return;
    if (strncmp(reply, name, 3) == 0)
        sscanf(reply + 3, "%3s", status);
    if (strcmp(status, "OK") == 0)
        show_places(reply, said[0]);
    if (strcmp(status, "OK") == 0 || strcmp(status, "NOK") == 0)
        trial++;
    printf("%s %s\n", shown, *status ? status : "not understood");
}

static void quit(void) {
    static char reply[REPLY];
    char request[16];
    snprintf(request, sizeof request, "QUT %s\n", player);
    if (*player && ask(request, "RQT", reply))
        printf("%.7s\n", reply);
}

static void store(FILE *in) {
    char name[4], status[6], path[64];
    long size, left;
    int byte;
    if (fscanf(in, "%3s %5s", name, status) != 2 || strstr("OK ACT FIN", status) == NULL ||
        fscanf(in, " %63s %ld", path, &size) != 2) {
        puts("no file");
        return;
    }
    getc(in); /* the one blank before the data, which may begin with anything */
    char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    FILE *out = *file ? fopen(file, "wb") : NULL;
    if (out == NULL) {
        puts("the file cannot be stored");
        return;
    }
    for (left = size; left > 0 && (byte = getc(in)) != EOF; left--) {
        putc(byte, out);
        if (strcmp(name, "RHL") != 0)
            putchar(byte);
    }
    fclose(out);
    if (left > 0)
        remove(file); /* a part is no file */
    printf("%s, %ld bytes%s\n", file, size, left > 0 ? ", broken off" : "");
}

static void fetch(const char *request) {
    int fd = connected(SOCK_STREAM);
    if (fd < 0) {
        puts("no file: the server cannot be reached");
        return;
    }
    if (write(fd, request, strlen(request)) < 0)
        perror("no file");
    FILE *in = fdopen(fd, "rb");
    store(in);
    fclose(in);
}

static int is(const char *command, const char *name, const char *alias) {
    return strcmp(command, name) == 0 || strcmp(command, alias) == 0;
}

static void obey(const char *command, const char *argument) {
    char request[16];
    if (is(command, "start", "sg") && strlen(argument) == 6)
        start(argument);
    else if (is(command, "play", "pl") && strlen(argument) == 1)
        play("PLG", "RLG", argument);
    else if (is(command, "guess", "gw") && *argument)
        play("PWG", "RWG", argument);
    else if (is(command, "scoreboard", "sb"))
        fetch("GSB\n");
    else if (is(command, "hint", "h") || is(command, "state", "st")) {
        snprintf(request, sizeof request, "%s %s\n", *command == 'h' ? "GHL" : "STA", player);
        fetch(request);
    } else if (is(command, "quit", ""))
        quit();
    else
        puts("start PLID, play LETTER, guess WORD, scoreboard, hint, state, quit, exit");
}

int main(int argc, char **argv) {
    int option;
    while ((option = getopt(argc, argv, "n:p:")) != -1) {
        if (option == 'n')
            host = optarg;
        if (option == 'p')
            port = optarg;
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct timeval patience = {.tv_sec = 2};
    udp = connected(SOCK_DGRAM);
    if (udp < 0) {
        fprintf(stderr, "usage: %s [-n host] [-p port]\n", argv[0]);
        return 2;
    }
    setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char command[32] = "", argument[64] = "";
        sscanf(line, "%31s %63s", command, argument);
        if (is(command, "exit", "exit"))
            return 0;
        obey(command, argument);
    }
    return 0;
}
