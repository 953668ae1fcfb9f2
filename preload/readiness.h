/* SPDX-License-Identifier: MIT */
#ifndef A407_READINESS_H
#define A407_READINESS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* So many connections are looked at in one go: a look may end in a line of the
   log, some 0.3 ms, and a loop is to stand still for less than 5 ms. */
#define A407_LOOKS 8

/*
 * A program's poll, select or epoll_wait in a process with connections to a
 * proxy. With something under way (under_way.h) it sleeps on the program's set
 * and on what the work needs, does the work, has the kernel say what is ready,
 * and takes off what is not the program's. Each family says how.
 */
struct a407_readiness {
    int found; /* what a call of the program's has found already, or 0 */
    const struct timespec *timeout; /* NULL: for ever; valid */
    const sigset_t *mask;           /* NULL: as it is */
    bool fine; /* its time-out is finer than milliseconds */
    bool deaf; /* with no time to wait it is not interrupted */

    /* The program's call with that time-out (NULL: for ever) and mask. */
    int (*call)(struct a407_readiness *r, const struct timespec *timeout,
                const sigset_t *mask);
    /* Takes what is not the program's off k > 0 results; how many are left. */
    int (*filter)(struct a407_readiness *r, int k);
    /* The same set for poll(): r->n entries. */
    void (*set)(const struct a407_readiness *r, struct pollfd *out);
    size_t n;

    void *in; /* the family's own */
};

/* The call's result, with errno. Allocates by mmap. */
int a407_readiness_wait(struct a407_readiness *r);

#endif
