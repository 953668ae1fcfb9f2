/* SPDX-License-Identifier: MIT */
#ifndef A407_CONN_H
#define A407_CONN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "credit.h"
#include "driver/driver.h"
#include "host/clock.h"
#include "under_way.h"

/*
 * A connection to a proxy, and what all those of this process to one proxy
 * share: its site.
 *
 * Locks, outermost first: a site's, then the registry's. A site's is taken once
 * in a call of the program and guards its connections and their engines, but
 * for fields marked otherwise. None is held over a wait; all are around fork(),
 * and only there two sites'.
 */

/* Configured ones are never freed. */
struct a407_site {
    struct a407_proxy proxy;
    struct a407_history history;
    pthread_mutex_t lock; /* of the above, and of its connections */
#ifdef A407_DEBUG
    pthread_t holder;
#endif
    struct a407_shared shared;
    /* whose secrets and memory it has: none of a user that the process was */
    uid_t user;
    unsigned fds_out;       /* private fds (socket.h) in use without the lock */
    struct a407_site *next; /* the registry's lock */
};

struct a407_conn {
    /* set once */
    uint64_t serial; /* never used again */
    pid_t maker;     /* the process that connected */
    struct a407_site *site;
    struct sockaddr_storage peer;
    socklen_t peer_n;
    bool counted; /* by the kernel: a407_socket_is_counted */

    /* the registry's lock */
    unsigned refs; /* pins and table entries */
    unsigned fds;  /* table entries alone */
    struct a407_credit credit[A407_WAYS];
    struct a407_under_way under_way; /* both locks to change it, any to read */

    /* atomic */
    const void *opener; /* return address of its fdopen(), or NULL */
    const void *caller; /* return address of the last call on it */

    /* the site's lock */
    struct a407_driver driver; /* its link: the turn (turn.h) at hand */
    bool lent;                 /* credit is out, or is not called in yet */
    uint64_t cookie;           /* SO_COOKIE: the socket's identity */
    uint16_t port;             /* its local port when it was connected; or 0 */
    struct sockaddr_storage there; /* ... and its getpeername(), if asked */
    int fd;                        /* the number last used for it */
    bool gone;     /* passes through: the table entries are to go */
    bool attended; /* a thread waits for it in a read or write */
    int lowat;     /* the program's SO_RCVLOWAT while ours is set; or 0 */

    uint64_t sent, received; /* bytes that we know of */
    unsigned reading; /* reads of the program under way: not counted yet */
    unsigned writing; /* ... and writes whose credit was called in */

    /* connecting anew */
    int made;             /* another socket for it, or -1 */
    uint64_t made_cookie; /* ... whose number is ours while it has this */
    unsigned renewed;     /* times that it was connected again */
    int send_ms; /* the program's SO_SNDTIMEO while renewal_busy; -1: none */
};

#ifdef A407_DEBUG
/* Never in what a program runs: does this thread hold the lock? */
static inline void a407_must_hold(const struct a407_site *site)
{
    if (!pthread_equal(site->holder, pthread_self()))
        __builtin_trap();
}
#else
#define a407_must_hold(site) ((void)(site))
#endif

/* The site of a configured endpoint for the effective user, made at first use;
   NULL: no memory. */
struct a407_site *a407_site_get(const struct a407_endpoint *e);

/* One for a connection that is only watched, which then owns it. */
struct a407_site *a407_site_watched(const struct a407_endpoint *e);

/* The program ends: what counts is for the next one. Without locks. */
void a407_site_suspend(struct a407_site *site);
void a407_sites_suspend(void);

/* For a watched one that no connection was made for. */
void a407_site_drop(struct a407_site *site);

/* Around fork(), under the registry's lock: takes the locks of all sites, or
   none (false) if one is taken or has a private fd out. */
bool a407_sites_trylock(void);
void a407_sites_unlock(void);
/* In the child: all are free. `locked`: a407_sites_trylock has succeeded. */
void a407_sites_anew(bool locked);

/* A new one with one pin, not in the table; NULL: no memory. */
struct a407_conn *a407_conn_new(struct a407_site *site,
                                const struct a407_transport *transport,
                                uint64_t cookie, const struct sockaddr *peer,
                                socklen_t n);

/* Takes its site's lock, calls credit in (credit.h) and tells the engine the
   time. Unlock lends credit and says what is under way (under_way.h). */
void a407_conn_lock(struct a407_conn *c);
bool a407_conn_trylock(struct a407_conn *c);
void a407_conn_unlock(struct a407_conn *c);

/* Releases a pin (registry.h); the last one frees. No lock is held. */
void a407_conn_put(struct a407_conn *c);

/* a407_conn_get and lock; unlock and put. Called inside. */
struct a407_conn *a407_conn_take(int fd);
void a407_conn_give(struct a407_conn *c);

#endif
