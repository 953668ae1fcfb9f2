/* SPDX-License-Identifier: MIT */
#ifndef A407_UNDER_WAY_H
#define A407_UNDER_WAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "driver/driver.h"

/*
 * Which connections of this process have something under way: a 407 may be
 * coming, or the driver has work left. Noted where a connection is unlocked.
 */

struct a407_conn;

/* A sum over all connections: 1 for each to a proxy of the settings, and so
   much for each with something under way. */
#define A407_FOLLOWED  UINT64_C(1)
#define A407_UNDER_WAY (UINT64_C(1) << 32)
extern _Atomic uint64_t a407_attention __attribute__((visibility("hidden")));

static inline uint64_t a407_attention_now(void)
{
    return atomic_load_explicit(&a407_attention, memory_order_relaxed);
}

static inline bool a407_any_under_way(void)
{
    return a407_attention_now() >= A407_UNDER_WAY;
}

/* Of one connection, for threads that have not locked it. */
struct a407_under_way {
    struct a407_conn *next, *last; /* the list of those under way */
    uint64_t counts;               /* its part of a407_attention */
    int number;                    /* c->fd */
    struct a407_need need;
};

/* Brings it up to date. c's lock is held, and no other. */
void a407_under_way_update(struct a407_conn *c);

/* A connection to that site has done what others wait for: they are to look at
   once. Its lock is held, and no other. */
struct a407_site;
void a407_under_way_wake(const struct a407_site *site);

/* The program begins to write: another thread may poll for the answer before
   this call is over. As above. */
void a407_under_way_begin(struct a407_conn *c);

/* c is freed, or passes through. The registry's lock is held. */
void a407_under_way_end(struct a407_conn *c);

/* What a connection needs, struct a407_need. */
struct a407_work {
    uint64_t serial;
    int number; /* an fd of it in the table */
    int fd;     /* `number` for A407_OWN_FD */
    short events;
    int64_t until;
};

/* Copies at most n of what there is, and returns how many. *more: there are
   others, which come with the next calls. */
size_t a407_work_list(struct a407_work *out, size_t n, bool *more);

/* Takes muted events off; an fd with none left becomes negative. */
void a407_mute(struct pollfd *set, size_t n);

/* An fd of the connection under way that has that epoll data in epfd; -1: none,
   or there is doubt. */
int a407_under_way_by_data(int epfd, uint64_t data);

#endif
