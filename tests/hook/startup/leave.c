/* SPDX-License-Identifier: MIT */
/* Ends while another thread waits in recv(). usage: leave WAY [answered]
   The wait is for the first answer, which never comes if the proxy is silent;
   with "answered" for more after it. WAY: exit, _exit, quick, return, abort,
   raise, atexit; or main: pthread_exit(), and the other thread goes on. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch.h"

static sem_t under_way;
static int answered;

static void *waits(void *unused)
{
    char byte;
    int fd = fetch_connect(0);
    if (fd < 0 || fetch_ask(fd) != 0)
        puts("no connection");
    if (answered)
        printf("%d\n", fetch_answer(fd));
    fflush(stdout);
    sem_post(&under_way);
    for (;;) /* the rest of an answer, and then what never comes */
        if (recv(fd, &byte, 1, 0) <= 0)
            puts("the wait ended");
    return unused;
}

static void *goes_on(void *main_thread)
{
    pthread_join(*(pthread_t *)main_thread, NULL);
    printf("%d\n", fetch(0));
    return NULL;
}

static void fetch_at_exit(void)
{
    printf("at exit %d\n", fetch(0));
}

int main(int argc, char **argv)
{
    static pthread_t self;
    pthread_t other;
    const char *way = argc > 1 ? argv[1] : "";
    self = pthread_self();
    answered = argc > 2;
    sem_init(&under_way, 0, 0);
    if (strcmp(way, "main") == 0) {
        if (pthread_create(&other, NULL, goes_on, &self) != 0)
            return 1;
        pthread_exit(NULL);
    }
    if (pthread_create(&other, NULL, waits, NULL) != 0)
        return 1;
    sem_wait(&under_way);
    usleep(100000); /* into recv() */
    if (strcmp(way, "exit") == 0)
        exit(5);
    if (strcmp(way, "_exit") == 0)
        _exit(5);
    if (strcmp(way, "quick") == 0)
        quick_exit(5);
    if (strcmp(way, "abort") == 0)
        abort();
    if (strcmp(way, "raise") == 0)
        raise(SIGTERM);
    if (strcmp(way, "atexit") == 0)
        atexit(fetch_at_exit);
    return 5;
}
