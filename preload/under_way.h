/* SPDX-License-Identifier: MIT */
#ifndef A407_UNDER_WAY_H
#define A407_UNDER_WAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "driver/driver.h"

/*
 * Which connections of this process have something under way: the head of an
 * answer is awaited that may be a 407 to be answered, or the driver has work
 * left. Found out in one place: where a connection's lock is given up.
 */

struct a407_conn;

/* The sum of what follows, over all connections. */
#define A407_FOLLOWED  UINT64_C(1)         /* to a proxy of the settings */
#define A407_UNDER_WAY (UINT64_C(1) << 32) /* ... with something under way */
extern _Atomic uint64_t a407_attention __attribute__((visibility("hidden")));

static inline uint64_t a407_attention_now(void)
{
    return atomic_load_explicit(&a407_attention, memory_order_relaxed);
}

static inline bool a407_any_under_way(void)
{
    return a407_attention_now() >= A407_UNDER_WAY;
}

/* The connection's own account. */
struct a407_account {
    struct a407_conn *next, *last; /* in the list of those under way */
    uint64_t counts;               /* its part of a407_attention */
    int number;                    /* the fd last used for it */
    bool attended; /* somebody waits for it in a call of its own */
    struct a407_need need;
};

/* Brings it up to date. c's lock is held, and no other. */
void a407_account_for(struct a407_conn *c);

/* A connection to that site has done what others wait for: those are to look
   at once. Its lock is held, and no other. */
struct a407_site;
void a407_account_wake(const struct a407_site *site);

/* The program writes: there may be an answer, and another thread that polls for
   it, before its bytes are accounted for. As above. */
void a407_account_begins(struct a407_conn *c);

/* c is being freed, or passes through from now on. The registry's lock is
   held. */
void a407_account_close(struct a407_conn *c);

/* One piece of work. */
struct a407_work {
    uint64_t serial; /* of the connection */
    int number;      /* an fd of it in the table */
    int fd;          /* as in struct a407_need */
    short events;
    int64_t until;
};

/* Copies the work there is, at most n pieces, and returns how many. *more:
   there are others, which come with the next calls. */
size_t a407_dues(struct a407_work *out, size_t n, bool *more);

/* What is muted is taken off the events of these: an fd with none left becomes
   negative. */
void a407_mute(struct pollfd *set, size_t n);

/* The connection that has that epoll data in epfd, if it has something under
   way: one of its fds; -1: none, or there is doubt. */
int a407_under_way_by_data(int epfd, uint64_t data);

#endif
