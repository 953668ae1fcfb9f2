/* SPDX-License-Identifier: MIT */
/*
 * Two threads share one connection: one writes requests, the other reads
 * answers. MODE: together, or reader-first: it is already inside recv() when
 * the request goes out. many: eight pairs at once, each on its connection.
 */
#include <semaphore.h>

#include "tests/fixtures/victim.h"

#define PAIRS_MAX 8
#define ROUNDS    3

struct pair {
    int fd;
    bool reader_first;
    sem_t answered; /* the reader is done with one answer */
    struct answer answer;
};

static void *writer(void *arg)
{
    struct pair *p = arg;
    char rq[REQUEST_MAX];
    size_t n = make_get("/bytes/20000", rq);
    for (int i = 0; i < ROUNDS; i++) {
        if (p->reader_first)
            usleep(50000); /* time for the other one to sit down in recv() */
        send_all(p->fd, rq, n);
        sem_wait(&p->answered);
    }
    return NULL;
}

static void *reader(void *arg)
{
    struct pair *p = arg;
    for (int i = 0; i < ROUNDS; i++) {
        read_answer(p->fd, &p->answer, "GET");
        if (!p->answer.keep) {
            /* A proxy that closes: both threads go on with a new one. */
            close(p->fd);
            p->fd = victim_connect();
        }
        sem_post(&p->answered);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct pair pairs[PAIRS_MAX];
    pthread_t t[2 * PAIRS_MAX];
    victim_args(argc, argv);
    size_t n = in_mode("many") ? PAIRS_MAX : 1;
    for (size_t i = 0; i < n; i++) {
        struct pair *p = &pairs[i];
        p->fd = victim_connect();
        p->reader_first = in_mode("reader-first");
        sem_init(&p->answered, 0, 0);
        pthread_create(&t[2 * i], NULL, reader, p);
        pthread_create(&t[2 * i + 1], NULL, writer, p);
    }
    for (size_t i = 0; i < 2 * n; i++)
        pthread_join(t[i], NULL);
    say("joined");
    return 0;
}
