/* A program called java with a thread for each name, which ticks as those of HotSpot do. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void *housekeeper(void *unused) {
    (void)unused;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until;
    pthread_mutex_lock(&lock);
    for (;;) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&never, &lock, &until);
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, housekeeper, NULL);
        pthread_setname_np(thread, argv[i]);
    }
    puts("named");
    fflush(stdout);
    pause();
}
