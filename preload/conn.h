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
 * A connection to a proxy, and what all connections of this process to one
 * proxy share.
 *
 * Locks, outermost first: a site's, then the registry's. A site's is taken once
 * in a call of the program, and guards all that its connections are, their
 * engines with them, but for what is said to be another's. No lock is held over
 * a wait; all are held around fork(). Two sites' are never held together, but
 * there.
 */

/* One proxy endpoint of this process. Configured ones are never freed. */
struct a407_site {
    struct a407_proxy proxy;
    struct a407_history history;
    pthread_mutex_t lock; /* of the above, and of its connections */
#ifdef A407_DEBUG
    pthread_t holder;
#endif
    struct a407_shared shared;
    unsigned fds_out; /* private fds (socket.h) that are held without it */
    struct a407_site *next; /* the registry's lock */
};

struct a407_conn {
    /* set once */
    uint64_t serial; /* of this object; none has it ever again */
    pid_t maker;     /* the process that connected */
    struct a407_site *site;
    struct sockaddr_storage peer;
    socklen_t peer_n;
    bool counted; /* socket.h: its bytes are */

    /* the registry's lock */
    unsigned refs; /* pins and table entries */
    unsigned fds;  /* table entries alone */
    struct a407_credit credit[A407_WAYS];
    struct a407_account account; /* both locks to change it, any to read */

    /* atomic */
    const void *opener; /* of the fdopen() that made a stream of it; or NULL */
    const void *caller; /* return address of the last call on it */

    /* the site's lock */
    struct a407_driver driver; /* its link: the turn (turn.h) at hand */
    bool lent;                 /* credit is out, or was and is not settled */
    uint64_t cookie;           /* SO_COOKIE: the socket's identity */
    uint16_t port;             /* its local port when it was connected; or 0 */
    struct sockaddr_storage there; /* ... and its peer, once that was seen */
    int fd;                        /* the number last used for it */
    bool gone;     /* passes through: the table entries are to go */
    bool attended; /* a thread waits for it in a call of its own */
    int lowat;     /* the program's SO_RCVLOWAT while ours is set; or 0 */

    /* bytes that went and came, all that we know of; new with a connection */
    uint64_t sent, received;
    unsigned reading; /* reads of the program under way: not counted yet */
    unsigned writing; /* ... and writes that have lost their credit */

    /* connecting anew */
    int made;             /* another socket for it, or -1 */
    uint64_t made_cookie; /* ... which is ours as long as this is its cookie */
    unsigned renewed;     /* times that it was connected again */
    int send_ms; /* the program's SO_SNDTIMEO while renewal_busy: then the
                    socket has another; -1: none */
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

/* The site of a configured endpoint, made at first use; NULL: no memory. */
struct a407_site *a407_site_get(const struct a407_endpoint *e);

/* One for a connection that is only watched, which then owns it. */
struct a407_site *a407_site_watched(const struct a407_endpoint *e);

/* For a watched one that no connection was made for. */
void a407_site_drop(struct a407_site *site);

/*
 * Around fork(), with the registry's lock held: takes the locks of all sites,
 * or none. False: one is taken, or has a private fd out.
 */
bool a407_sites_trylock(void);
void a407_sites_unlock(void);
/* In the child: all are free. `locked`: a407_sites_trylock has succeeded. */
void a407_sites_anew(bool locked);

/* A new connection object with one pin, not in the table, of a socket with that
   cookie; NULL: no memory. */
struct a407_conn *a407_conn_new(struct a407_site *site,
                                const struct a407_transport *transport,
                                uint64_t cookie, const struct sockaddr *peer,
                                socklen_t n);

/*
 * Takes the lock of its site: credit is called in (credit.h), and the engine
 * told the time. When that is given up, credit is lent, and the account brought
 * up to date.
 */
void a407_conn_lock(struct a407_conn *c);
bool a407_conn_trylock(struct a407_conn *c);
void a407_conn_unlock(struct a407_conn *c);

/* Releases a pin (registry.h); the last one frees. No lock is held. */
void a407_conn_put(struct a407_conn *c);

/* The connection of fd, pinned and locked; NULL as with a407_conn_get. The
   other unlocks and releases. Called inside. */
struct a407_conn *a407_conn_take(int fd);
void a407_conn_give(struct a407_conn *c);

#endif
