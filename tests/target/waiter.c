/* waiter PORT WAY DELAY SECONDS: echoes, waiting for requests in one way and answering in another.

   WAY: recv select poll ppoll epoll sigio uring (UDP), child fork (UDP, handed on), tcp
   tcp-threads tcp-fork tcp-poll, tcp-defer and tcp-defer-poll (with TCP_DEFER_ACCEPT, so that
   clients who say nothing come in later; they are greeted). DELAY: none spin token (handed to and fro so often), print
   (at its terminal, and nothing else), sleeps in its thread (sleep clock select poll
   epoll futex signal rcvtimeo timerfd), answers later from elsewhere (alarm timer timer-thread
   two-timerfds worker relay grandchild chain); asked: as each request says, a letter and
   microseconds: s(ilent) n(ow) b(usy) z (asleep) w(orker) c(hild) o(rphan). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <fcntl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct request {
    int fd;
    ssize_t size;
    struct sockaddr_in from;
    socklen_t length;
    char data[2048];
};

static const char *delay;
static double seconds;
static struct request last; /* for what answers later */
static int timers[2] = {-1, -1}, turn;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t there = PTHREAD_COND_INITIALIZER;
static struct request handed;
static int full;

static void must(int held, const char *what) {
    if (!held) {
        perror(what);
        exit(9);
    }
}

static int is(const char *text, const char *name) { return strcmp(text, name) == 0; }

static void answer(const struct request *r) {
    if (r->length)
        sendto(r->fd, r->data, r->size, 0, (const struct sockaddr *)&r->from, r->length);
    else
        send(r->fd, r->data, r->size, MSG_NOSIGNAL);
}

static struct timespec span_of(double length) {
    struct timespec t = {(time_t)length, (long)((length - (time_t)length) * 1e9)};
    return t;
}

static struct timespec span(void) { return span_of(seconds); }

static struct timespec end_of(clockid_t clock, double length) {
    struct timespec now, t = span_of(length);
    clock_gettime(clock, &now);
    t.tv_sec += now.tv_sec + (t.tv_nsec + now.tv_nsec) / 1000000000;
    t.tv_nsec = (t.tv_nsec + now.tv_nsec) % 1000000000;
    return t;
}

static struct timespec end(clockid_t clock) { return end_of(clock, seconds); }

static void spin(double length) {
    struct timespec now, until = end_of(CLOCK_MONOTONIC, length);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while (now.tv_sec < until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec));
}

static int timer_fd(int armed) {
    struct itimerspec t = {{0, 0}, span()};
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    must(fd >= 0, "timerfd_create");
    if (armed)
        timerfd_settime(fd, 0, &t, NULL);
    return fd;
}

static void sleep_in(const char *how) {
    struct timespec t = span();
    struct timeval v = {t.tv_sec, t.tv_nsec / 1000};
    int ms = (int)(seconds * 1000);
    char junk[8];
    if (is(how, "spin"))
        spin(seconds);
    else if (is(how, "sleep"))
        nanosleep(&t, NULL);
    else if (is(how, "clock"))
        t = end(CLOCK_REALTIME), clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
    else if (is(how, "select"))
        select(0, NULL, NULL, NULL, &v);
    else if (is(how, "poll"))
        poll(NULL, 0, ms);
    else if (is(how, "epoll")) {
        struct epoll_event e;
        int fd = epoll_create1(0);
        epoll_wait(fd, &e, 1, ms);
        close(fd);
    } else if (is(how, "futex")) {
        pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t c = PTHREAD_COND_INITIALIZER;
        t = end(CLOCK_REALTIME);
        pthread_mutex_lock(&m);
        pthread_cond_timedwait(&c, &m, &t);
    } else if (is(how, "signal")) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        sigtimedwait(&set, NULL, &t);
    } else if (is(how, "rcvtimeo")) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &v, sizeof v);
        recv(fd, junk, sizeof junk, 0);
        close(fd);
    } else if (is(how, "timerfd")) {
        int fd = timer_fd(1);
        must(read(fd, junk, sizeof junk) > 0, "read");
        close(fd);
    }
}

static void on_signal(int number) {
    (void)number;
    int kept = errno;
    answer(&last);
    errno = kept;
}

static void on_timer(union sigval value) {
    (void)value;
    answer(&last);
}

static void *sleeper(void *given) {
    sleep_in("sleep");
    answer(given);
    free(given);
    return NULL;
}

static void detached(void *(*body)(void *), const void *given, size_t size) {
    pthread_t thread;
    void *copy = memcpy(malloc(size), given, size);
    must(pthread_create(&thread, NULL, body, copy) == 0, "pthread_create");
    pthread_detach(thread);
}

/* Daemons who beget daemons: only the last of them answers. */
static void chain(const struct request *r, int links) {
    if (links == 0)
        answer(r);
    else if (fork() == 0)
        chain(r, links - 1);
    _exit(0);
}

/* A child and its parent each wait for the other in turn, without a time limit. */
static void token(const struct request *r) {
    int there[2], back[2];
    char c = 0;
    must(pipe(there) == 0 && pipe(back) == 0, "pipe");
    if (fork() == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1)
            must(write(back[1], &c, 1) == 1, "write");
        _exit(0);
    }
    for (int i = 0; i < (int)seconds; i++)
        must(write(there[1], &c, 1) == 1 && read(back[0], &c, 1) == 1, "hand over");
    answer(r);
    close(there[0]), close(there[1]), close(back[0]), close(back[1]);
}

static double length_of(const struct request *r) { return atof(r->data + 1) / 1e6; }

static void *busy_worker(void *given) {
    spin(length_of(given));
    answer(given);
    free(given);
    return NULL;
}

static void as_asked(const struct request *r) {
    struct timespec t = span_of(length_of(r));
    switch (r->data[0]) {
    case 's':
        return;
    case 'b':
        spin(length_of(r));
        break;
    case 'z':
        nanosleep(&t, NULL);
        break;
    case 'w':
        detached(busy_worker, r, sizeof *r);
        return;
    case 'c':
    case 'o':
        if (fork() == 0) {
            if (r->data[0] == 'c' || fork() == 0)
                spin(length_of(r)), answer(r);
            _exit(0);
        }
        return;
    }
    answer(r);
}

static void respond(const struct request *r) {
    struct itimerspec once = {{0, 0}, span()};
    struct itimerval timeout = {{0, 0}, {once.it_value.tv_sec, once.it_value.tv_nsec / 1000}};
    last = *r;
    while (waitpid(-1, NULL, WNOHANG) > 0) /* those of the requests before */
        continue;
    if (is(delay, "asked")) {
        as_asked(r);
    } else if (is(delay, "alarm")) {
        setitimer(ITIMER_REAL, &timeout, NULL);
    } else if (is(delay, "timer") || is(delay, "timer-thread")) {
        timer_t timer;
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
        if (is(delay, "timer-thread"))
            event.sigev_notify = SIGEV_THREAD, event.sigev_notify_function = on_timer;
        must(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
        timer_settime(timer, 0, &once, NULL);
    } else if (is(delay, "two-timerfds")) {
        timerfd_settime(timers[turn++ % 2], 0, &once, NULL);
    } else if (is(delay, "worker")) {
        detached(sleeper, r, sizeof *r);
    } else if (is(delay, "relay")) {
        pthread_mutex_lock(&mutex);
        while (full)
            pthread_cond_wait(&there, &mutex);
        handed = *r, full = 1;
        pthread_cond_broadcast(&there);
        pthread_mutex_unlock(&mutex);
    } else if (is(delay, "grandchild")) {
        if (fork() == 0) {
            if (fork() == 0)
                sleep_in("sleep"), answer(r);
            _exit(0);
        }
    } else if (is(delay, "token")) {
        token(r);
    } else if (is(delay, "print")) {
        must(write(1, r->data, r->size) == r->size, "write");
    } else if (is(delay, "chain")) {
        if (fork() == 0)
            chain(r, (int)seconds);
    } else {
        sleep_in(delay);
        answer(r);
    }
}

static void *relayed(void *nothing) {
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (!full)
            pthread_cond_wait(&there, &mutex);
        struct request r = handed;
        full = 0;
        pthread_cond_broadcast(&there);
        pthread_mutex_unlock(&mutex);
        answer(&r);
    }
    return nothing;
}

/* -- ways to wait ------------------------------------------------------------------------ */

static int take(int fd, struct request *r) {
    r->fd = fd;
    r->length = sizeof r->from;
    do
        r->size = recvfrom(fd, r->data, sizeof r->data - 1, 0, (struct sockaddr *)&r->from, &r->length);
    while (r->size < 0 && errno == EINTR);
    return r->size >= 0;
}

static void until_readable(int fd, const char *way, int poller) {
    if (is(way, "select")) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        select(fd + 1, &set, NULL, NULL, NULL);
    } else if (is(way, "poll") || is(way, "ppoll")) {
        struct pollfd all[] = {{fd, POLLIN, 0}, {-1, POLLIN, 0}};
        if (is(way, "poll"))
            poll(all, 2, -1);
        else
            ppoll(all, 2, NULL, NULL);
    } else if (is(way, "epoll")) {
        struct epoll_event found;
        if (epoll_wait(poller, &found, 1, -1) == 1 && found.data.fd != fd) {
            char junk[8];
            must(read(found.data.fd, junk, sizeof junk) == 8, "read");
            answer(&last);
        }
    }
}

static void watched(int poller, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    must(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void awake(int number) { (void)number; }

static void by_signal(int fd) {
    sigset_t set, none;
    struct request r;
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGIO, awake);
    fcntl(fd, F_SETOWN, getpid());
    fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK);
    for (;;) {
        while (take(fd, &r))
            respond(&r);
        sigsuspend(&none);
    }
}

/* Datagrams go to a child over a pipe, which answers. */
static void by_child(int fd) {
    int pipes[2];
    struct request r;
    must(pipe(pipes) == 0, "pipe");
    if (fork() == 0) {
        while (read(pipes[0], &r, sizeof r) == sizeof r)
            respond(&r);
        _exit(0);
    }
    while (take(fd, &r))
        must(write(pipes[1], &r, sizeof r) == sizeof r, "write");
}

static void by_fork(int fd) {
    struct request r;
    signal(SIGCHLD, SIG_IGN);
    while (take(fd, &r))
        if (fork() == 0) {
            respond(&r);
            _exit(0);
        }
}

static void datagrams(int fd, const char *way) {
    struct request r;
    int poller = epoll_create1(EPOLL_CLOEXEC);
    watched(poller, fd);
    if (is(delay, "two-timerfds"))
        for (int i = 0; i < 2; i++)
            watched(poller, timers[i] = timer_fd(0));
    for (;;) {
        until_readable(fd, way, poller);
        r.size = recv(fd, r.data, 0, MSG_PEEK | (is(way, "recv") ? 0 : MSG_DONTWAIT));
        if (r.size >= 0 && take(fd, &r))
            respond(&r);
    }
}

static void *one_client(void *given) {
    struct request r = {.fd = *(int *)given};
    free(given);
    while ((r.size = recv(r.fd, r.data, sizeof r.data - 1, 0)) > 0)
        respond(&r);
    close(r.fd);
    return NULL;
}

static void connections(int fd, const char *way) {
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        if (is(way, "tcp-poll") || is(way, "tcp-defer-poll"))
            until_readable(fd, "poll", -1);
        int client = accept(fd, NULL, NULL);
        if (client < 0)
            continue;
        if (strncmp(way, "tcp-defer", 9) == 0)
            send(client, "late", 4, MSG_NOSIGNAL);
        int *given = memcpy(malloc(sizeof client), &client, sizeof client);
        if (is(way, "tcp-threads")) {
            detached(one_client, given, sizeof client);
        } else if (is(way, "tcp-fork")) {
            if (fork() == 0)
                _exit(one_client(given) != NULL);
            close(client);
        } else {
            one_client(given);
        }
    }
}

int main(int count, char **words) {
    const char *way = words[2];
    must(count == 5, "waiter PORT WAY DELAY SECONDS");
    delay = words[3], seconds = atof(words[4]);
    int stream = strncmp(way, "tcp", 3) == 0, one = 1;
    int fd = socket(AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    struct sigaction again = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    must(bind(fd, (struct sockaddr *)&here, sizeof here) == 0, "bind");
    if (strncmp(way, "tcp-defer", 9) == 0)
        must(setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one) == 0, "defer");
    must(!stream || listen(fd, 64) == 0, "listen");
    if (is(delay, "alarm"))
        sigaction(SIGALRM, &again, NULL);
    if (is(delay, "timer"))
        sigaction(SIGUSR1, &again, NULL);
    if (is(delay, "chain"))
        signal(SIGCHLD, SIG_IGN);
    if (is(delay, "relay")) {
        pthread_t thread;
        pthread_create(&thread, NULL, relayed, NULL);
    }
    if (is(way, "uring")) {
        char parameters[120] = {0};
        if (syscall(SYS_io_uring_setup, 4, parameters) < 0)
            exit(77);
    }
    if (stream)
        connections(fd, way);
    else if (is(way, "sigio"))
        by_signal(fd);
    else if (is(way, "child"))
        by_child(fd);
    else if (is(way, "fork"))
        by_fork(fd);
    else
        datagrams(fd, is(way, "uring") ? "recv" : way);
    return 1;
}
