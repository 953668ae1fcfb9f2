/* SPDX-License-Identifier: MIT */
/* Blocking connections, one in each of many threads. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "calls.h"
#include "exchange.h"

struct worker {
    struct run *run;
    pthread_t thread;
    uint64_t random;
};

/* Some programs poll before they read, though they would not have to. */
static bool readable(struct exchange *x, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (!rng_one_in(&x->random, 3))
        return true;
    int n = poll(&p, 1, 30000);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* The tunnel's writes wait for what has come back: else both ends may end up
   writing, and neither reading. */
static bool may_write(const struct exchange *x)
{
    return exchange_writes(x) &&
           (x->out_at < x->request_n ||
            x->out_at - x->request_n == x->answer.content_n);
}

static enum progress one(struct exchange *x, int fd)
{
    enum progress p = GO_ON;
    while (p == GO_ON) {
        if (may_write(x)) {
            p = exchange_write(x, fd, true);
        } else if (readable(x, fd)) {
            p = exchange_read(x, fd);
        } else {
            p = LATER;
        }
    }
    if (p == LATER) {
        exchange_fail(x, "nothing happens any more", 0);
        p = BROKEN;
    }
    return p;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct timeval wait = {.tv_sec = 30};
    struct exchange x;
    int fd = -1;
    while (exchange_start(&x, w->run, &w->random)) {
        if (fd < 0) {
            fd = exchange_connect(w->run, SOCK_CLOEXEC, &w->random);
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        }
        if (w->run->children)
            call_child(fd, &w->random);
        enum progress p = one(&x, fd);
        exchange_free(&x);
        if (p != KEPT) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

void run_threads(struct run *run)
{
    struct worker *w = calloc(run->width, sizeof *w);
    if (!w)
        err(1, "no memory");
    for (unsigned i = 0; i < run->width; i++) {
        w[i] = (struct worker){.run = run, .random = run->seed + i * 7919};
        errno = pthread_create(&w[i].thread, NULL, work, &w[i]);
        if (errno)
            err(1, "pthread_create");
    }
    int64_t until = now_ms() + run->seconds * 1000;
    while (now_ms() < until)
        usleep(20000);
    atomic_store(&run->over, true);
    for (unsigned i = 0; i < run->width; i++)
        pthread_join(w[i].thread, NULL);
    free(w);
}
