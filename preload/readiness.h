/* SPDX-License-Identifier: MIT */
#ifndef A407_READINESS_H
#define A407_READINESS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * A program's poll, select or epoll_wait in a process with connections to a
 * proxy. With something under way (under_way.h) this sleeps on the program's
 * own set and on what the work needs, does the work, has the kernel say what is
 * ready, and takes off what is not the program's. Each family fills in how that
 * is done.
 */
/*
 * So many connections are looked at in one go, and what is found then is given
 * to the program at once: a look may end in a line of the log, which takes some
 * 0.3 ms, and a loop is to stand still for less than 5 ms.
 */
#define A407_LOOKS 8

struct a407_readiness {
    int found; /* what a call of the program's has found already, or 0 */
    const struct timespec *timeout; /* NULL: for ever; valid */
    const sigset_t *mask;           /* NULL: as it is */
    bool fine; /* its time-out is finer than milliseconds */
    bool deaf; /* without time it hears no signal, whatever the mask */

    /* The program's own call, with that time-out and mask in the place of its
       own; timeout NULL: for ever. Result and errno are the call's. */
    int (*call)(struct a407_readiness *r, const struct timespec *timeout,
                const sigset_t *mask);
    /* Takes what is not the program's off what the call has found, k > 0
       results. Returns how many are left. */
    int (*filter)(struct a407_readiness *r, int k);
    /* What poll() is to wait for in its place: r->n entries. */
    void (*set)(const struct a407_readiness *r, struct pollfd *out);
    size_t n;

    void *in; /* the family's own */
};

/* The call's result, with errno. Allocates by mmap. */
int a407_readiness_wait(struct a407_readiness *r);

#endif
