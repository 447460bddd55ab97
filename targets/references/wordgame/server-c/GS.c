/* Word game server: GS word_file [-p port] [-v]. Plays over UDP, files over TCP. */
#include <ctype.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONGEST_WORD = 30, MOST_PLAYS = 64, MOST_GAMES = 1000, LONGEST = 128, TEXT = 8192 };

typedef struct {
    char said[LONGEST_WORD + 1], reply[LONGEST];
} Play;

typedef struct {
    char player[7], word[LONGEST_WORD + 1], hint[LONGEST];
    int running, errors_left, plays;
    Play play[MOST_PLAYS]; /* every counted play with its reply */
} Game;

static Game games[MOST_GAMES];
static char scores[TEXT];
static int game_count;
static FILE *words;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static Game *game_of(const char *player) {
    for (int i = 0; i < game_count; i++)
        if (strcmp(games[i].player, player) == 0)
            return &games[i];
    return NULL;
}

static int is_player(const char *text) {
    return strspn(text, "0123456789") == 6 && text[6] == '\0';
}

static int is_word(const char *text, size_t low, size_t high) {
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (!isalpha((unsigned char)text[i]))
            return 0;
    return low <= length && length <= high;
}

static void lower(char *text) {
    for (; *text; text++)
        *text = tolower((unsigned char)*text);
}

/* Splits a request of one line at its single blanks. Returns the number of fields, 0 for bad form. */
static int split(char *line, size_t length, char **fields, int most) {
    if (length == 0 || line[length - 1] != '\n' || memchr(line, '\0', length) != NULL)
        return 0;
    line[length - 1] = '\0';
    int count = 0;
    for (char *at = line; at != NULL; count++) {
        char *field = strsep(&at, " ");
        if (*field == '\0' || count == most)
            return 0;
        fields[count] = field;
    }
    return count;
}

/* -- UDP ---------------------------------------------------------------------------------- */

static Game *new_game(Game *game, const char *player) {
    if (game == NULL) {
        if (game_count == MOST_GAMES)
            return NULL;
        game = &games[game_count++];
    }
    memset(game, 0, sizeof *game);
    strcpy(game->player, player);
    if (fscanf(words, "%30s %127s", game->word, game->hint) != 2) {
        rewind(words); /* after the last word comes the first */
        if (fscanf(words, "%30s %127s", game->word, game->hint) != 2)
            return NULL;
    }
    lower(game->word);
    size_t letters = strlen(game->word);
    game->errors_left = letters <= 6 ? 7 : letters <= 10 ? 8 : 9;
    game->running = 1;
    return game;
}

static void start(const char *player, char *reply) {
    Game *game = game_of(player);
    if (game != NULL && game->running && game->plays > 0) {
        strcpy(reply, "RSG NOK\n");
        return;
    }
    if (game == NULL || !game->running)
        game = new_game(game, player);
    if (game == NULL)
        strcpy(reply, "RSG ERR\n");
    else
        sprintf(reply, "RSG OK %zu %d\n", strlen(game->word), game->errors_left);
}

static void quit(const char *player, char *reply) {
    Game *game = game_of(player);
    sprintf(reply, "RQT %s\n", game != NULL && game->running ? "OK" : "NOK");
    if (game != NULL)
        game->running = 0;
}

static void reveal(const char *player, char *reply) {
    Game *game = game_of(player);
    sprintf(reply, "RRV %s\n", game != NULL && game->running ? game->word : "ERR");
}

static void add_score(const Game *game) {
    int good = 0;
    for (int i = 0; i < game->plays; i++)
        good += strstr(game->play[i].reply, " OK ") || strstr(game->play[i].reply, " WIN ");
    int score = 100 * good / game->plays;
    size_t used = strlen(scores);
    snprintf(scores + used, sizeof scores - used, "%03d %s %s %d %d\n", score > 0 ? score : 1,
             game->player, game->word, good, game->plays);
}

static int is_complete(const Game *game) {
    for (const char *letter = game->word; *letter; letter++) {
        int found = 0;
        for (int i = 0; i < game->plays; i++)
            found |= game->play[i].said[0] == *letter && game->play[i].said[1] == '\0';
        if (!found)
            return 0;
    }
    return 1;
}

static void win(Game *game, const char *name, int trial, char *reply) {
    sprintf(reply, "%s WIN %d\n", name, trial);
    strcpy(game->play[game->plays - 1].reply, reply);
    game->running = 0;
    add_score(game);
}

static void miss(Game *game, const char *name, int trial, char *reply) {
    game->running = --game->errors_left >= 0;
    sprintf(reply, "%s %s %d\n", name, game->running ? "NOK" : "OVR", trial);
}

static void hit(Game *game, char letter, int trial, char *reply) {
    int count = 0, used = 0;
    char places[LONGEST] = "";
    for (int i = 0; game->word[i]; i++)
        if (game->word[i] == letter) {
            used += sprintf(places + used, " %d", i + 1);
            count++;
        }
    sprintf(reply, "RLG OK %d %d%s\n", trial, count, places);
}

/* Answers a letter or a word; a repeated play gets its reply again. */
static void judge(Game *game, const char *name, const char *said, int trial, char *reply) {
    Play *last = game->plays > 0 ? &game->play[game->plays - 1] : NULL;
    if (last != NULL && trial == game->plays && strcmp(last->said, said) == 0) {
        strcpy(reply, last->reply);
        return;
    }
    if (!game->running || game->plays == MOST_PLAYS) {
        sprintf(reply, "%s ERR\n", name);
        return;
    }
    if (trial != game->plays + 1) {
        sprintf(reply, "%s INV %d\n", name, trial);
        return;
    }
    for (int i = 0; i < game->plays; i++)
        if (strcmp(game->play[i].said, said) == 0) {
            sprintf(reply, "%s DUP %d\n", name, trial);
            return;
        }
    Play *play = &game->play[game->plays++];
    strcpy(play->said, said);
    int one = said[1] == '\0';
    if (one ? is_complete(game) : strcmp(said, game->word) == 0) {
        win(game, name, trial, reply);
        return;
    }
    if (one && strchr(game->word, said[0]) != NULL)
        hit(game, said[0], trial, reply);
    else
        miss(game, name, trial, reply);
    strcpy(play->reply, reply);
}

static void play(char **fields, const char *name, size_t low, size_t high, char *reply) {
    char *said = fields[2], *trial = fields[3];
    Game *game = game_of(fields[1]);
    size_t digits = strspn(trial, "0123456789");
    if (game == NULL || !is_word(said, low, high) || trial[digits] != '\0' || digits > 9) {
        sprintf(reply, "%s ERR\n", name);
        return;
    }
    lower(said);
    judge(game, name, said, atoi(trial), reply);
}

static void answer(char *request, size_t length, char *reply) {
    static const char *verbs[] = {"SNG", "QUT", "REV", "PLG", "PWG"};
    static const char *names[] = {"RSG", "RQT", "RRV", "RLG", "RWG"};
    char verb[4] = "", *fields[4];
    strcpy(reply, "ERR\n");
    if (length >= 3 && (length == 3 || isspace((unsigned char)request[3])))
        memcpy(verb, request, 3);
    int count = split(request, length, fields, 4);
    for (int i = 0; i < 5; i++) {
        if (strcmp(verb, verbs[i]) != 0)
            continue;
        if (count != (i < 3 ? 2 : 4) || !is_player(fields[1]))
            sprintf(reply, "%s ERR\n", names[i]);
        else if (i < 3)
            (i == 0 ? start : i == 1 ? quit : reveal)(fields[1], reply);
        else
            play(fields, names[i], i == 3 ? 1 : 3, i == 3 ? 1 : LONGEST_WORD, reply);
    }
}

static void *serve_datagrams(void *argument) {
    int fd = *(int *)argument;
    static char request[65536];
    for (;;) {
        char reply[2 * LONGEST];
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        ssize_t came = recvfrom(fd, request, sizeof request, 0, (struct sockaddr *)&client, &size);
        if (came < 0)
            continue;
        pthread_mutex_lock(&lock);
        answer(request, came, reply);
        pthread_mutex_unlock(&lock);
        sendto(fd, reply, strlen(reply), 0, (struct sockaddr *)&client, size);
    }
    return NULL;
}

/* -- TCP ---------------------------------------------------------------------------------- */

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

static void send_text(int fd, const char *head, const char *text) {
    char reply[TEXT + LONGEST];
    int length = snprintf(reply, sizeof reply, "%s %zu %s\n", head, strlen(text), text);
    write_all(fd, reply, length);
}

static void send_hint(int fd, const char *name) {
    char reply[TEXT];
    size_t came;
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        write_all(fd, "RHL NOK\n", 8);
        return;
    }
    fseek(file, 0, SEEK_END);
    int length = sprintf(reply, "RHL OK %s %ld ", name, ftell(file));
    rewind(file);
    int gone = write_all(fd, reply, length);
    while (!gone && (came = fread(reply, 1, sizeof reply, file)) > 0)
        gone = write_all(fd, reply, came);
    if (!gone)
        write_all(fd, "\n", 1);
    fclose(file);
}

static void state_of(const Game *game, char *text) {
    text += sprintf(text, "%zu letters, %d errors left\n", strlen(game->word), game->errors_left);
    for (int i = 0; i < game->plays; i++)
        text += sprintf(text, "%s %.4s\n", game->play[i].said, game->play[i].reply + 4);
}

static void send_file(int fd, char *request, size_t length) {
    char *fields[2], head[LONGEST], text[TEXT];
    int count = split(request, length, fields, 2);
    Game game = {0};
    pthread_mutex_lock(&lock);
    strcpy(text, scores);
    if (count == 2 && game_of(fields[1]) != NULL)
        game = *game_of(fields[1]);
    pthread_mutex_unlock(&lock);
    if (count == 1 && strcmp(fields[0], "GSB") == 0) {
        if (*text)
            send_text(fd, "RSB OK TOPSCORES.txt", text);
        else
            write_all(fd, "RSB EMPTY\n", 10);
    } else if (count == 2 && strcmp(fields[0], "STA") == 0) {
        sprintf(head, "RST %s STATE_%s.txt", game.running ? "ACT" : "FIN", game.player);
        state_of(&game, text);
        if (*game.player)
            send_text(fd, head, text);
        else
            write_all(fd, "RST NOK\n", 8);
    } else if (count == 2 && strcmp(fields[0], "GHL") == 0) {
        if (game.running)
            send_hint(fd, game.hint);
        else
            write_all(fd, "RHL NOK\n", 8);
    } else
        write_all(fd, "ERR\n", 4);
}

static void *serve_connection(void *argument) {
    int fd = (int)(long)argument;
    char request[LONGEST];
    size_t held = 0;
    ssize_t came;
    while (held < sizeof request && (came = read(fd, request + held, sizeof request - held)) > 0) {
        held += came;
        if (request[held - 1] == '\n')
            break;
    }
    if (held > 0 && (held == sizeof request || request[held - 1] == '\n'))
        send_file(fd, request, held);
    close(fd);
    return NULL;
}

static int bound(int type, int port) {
    int fd = socket(AF_INET, type, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0) {
        perror("bind");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv) {
    int port = 58000, option;
    while ((option = getopt(argc, argv, "p:v")) != -1)
        if (option == 'p')
            port = atoi(optarg);
    words = optind < argc ? fopen(argv[optind], "r") : NULL;
    if (words == NULL) {
        fprintf(stderr, "usage: %s word_file [-p port] [-v]\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a client that is gone is no reason to die */
    pthread_t thread;
    int datagrams = bound(SOCK_DGRAM, port), welcome = bound(SOCK_STREAM, port);
    listen(welcome, 64);
    pthread_create(&thread, NULL, serve_datagrams, &datagrams);
    for (;;) {
        int fd = accept(welcome, NULL, NULL);
        if (fd < 0)
            continue;
        if (pthread_create(&thread, NULL, serve_connection, (void *)(long)fd) == 0)
            pthread_detach(thread);
        else
            close(fd);
    }
}
