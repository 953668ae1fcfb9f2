/* SPDX-License-Identifier: MIT */
#ifndef A407_REGISTRY_H
#define A407_REGISTRY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/engine/engine.h"
#include "credit.h"
#include "host/talk.h"
#include "under_way.h"

/*
 * Which file descriptors are connections to a proxy. Lookup of an untracked
 * one is a single atomic load; a tracked one is pinned with a reference count
 * under a lock.
 */

/* One proxy endpoint of this process. Configured ones are never freed. */
struct a407_site {
    struct a407_proxy proxy;
    struct a407_history history;
    pthread_mutex_t lock; /* held while an engine of it is told something */
    struct a407_site *next;
};

/*
 * Locks, outermost first: a connection's, then one of the site's (its engine is
 * told something) or the registry's (the table, refs and fds). None is held
 * over a wait, and all are held around fork().
 */
struct a407_conn {
    /* set once */
    uint64_t serial; /* of this object; none has it ever again */
    pid_t maker;     /* the process that connected */
    struct a407_site *site;
    struct a407_engine *engine; /* what it points to: the site's lock */
    struct sockaddr_storage peer;
    socklen_t peer_n;
    bool counted; /* socket.h: its bytes are */

    /* the registry's lock */
    unsigned refs; /* pins and table entries */
    unsigned fds;  /* table entries alone */
    struct a407_credit credit[A407_WAYS];
    struct a407_account account;

    /* atomic */
    bool shut_read;     /* the program said SHUT_RD or SHUT_RDWR: let go */
    bool shut_write;    /* the program said SHUT_WR */
    const void *opener; /* of the fdopen() that made a stream of it; or NULL */
    const void *caller; /* return address of the last call on it */

    pthread_mutex_t lock; /* all that follows; credit.h: how it is taken */
    bool lent;            /* credit is out, or was and is not settled */
    uint64_t cookie;      /* SO_COOKIE: the socket's identity */
    uint16_t port;        /* its local port when it was connected; or 0 */
    struct sockaddr_storage there; /* ... and its peer, once that was seen */
    int fd;                        /* the number last used for it */
    bool gone;       /* passes through: the table entries are to go */
    bool given_back; /* a 407 is read from what stands in its place; what
                        is written goes nowhere */
    int error;       /* an error of the connection that we took off */

    /* bytes that went and came, all that we know of; new with a connection */
    uint64_t sent, received;
    unsigned reading; /* reads of the program under way: not counted yet */
    unsigned writing; /* ... and writes that have lost their credit */

    /* looking */
    char *scratch; /* for peeked bytes */
    size_t scratch_n;
    size_t peeked;      /* bytes of a head seen at the last look */
    int64_t full_until; /* 0, or: it looks full; the rest may come until then */
    int full_ms;        /* ... how long to wait before the next look */
    int64_t look_again; /* ... which is then */
    int lowat;          /* the program's SO_RCVLOWAT while ours is set; or 0 */
    size_t unwatched;   /* body bytes written since the last look */
    int64_t wrote_ms;   /* by a coarse clock; when the program last wrote */

    unsigned steps; /* of a pump; who waits sees by it that others went on */
    bool attended;  /* a thread waits for it in a call of its own */

    /* what takes its time; who finds it under way goes on with it */
    bool unsent; /* the program was told that it is sent, and it is not out */
    bool connecting;      /* anew */
    int made;             /* ... another socket for it, or -1 */
    uint64_t made_cookie; /* ... which is ours as long as this is its cookie */
    unsigned renewed;     /* times that it was connected again */
    unsigned asking;      /* 0, or: one thread begins with an errand, outside */
    unsigned asks;        /* ... the last one's number */
    struct a407_errand *errand; /* ask.h: what was asked for is being had */
    struct a407_sleep sleep;    /* ... and that is to be waited for */
    struct a407_child child;    /* makes tokens for a handshake; or none */
};

/* The table. WATCH: a stream whose first written bytes are still unseen. */
extern _Atomic(struct a407_conn *) a407_slots[A407_FD_MAX];
extern struct a407_conn a407_watch;
#define A407_WATCH (&a407_watch)

/* NULL: not ours, in one load. */
static inline struct a407_conn *a407_slot(int fd)
{
    if (__builtin_expect((unsigned)fd >= A407_FD_MAX, 0))
        return NULL;
    return atomic_load_explicit(&a407_slots[fd], memory_order_acquire);
}

/* Of the table, refs, fds and credit. */
void a407_registry_lock(void);
void a407_registry_unlock(void);

/* Pins the connection of fd, or returns NULL (untracked, or WATCH; or this is a
   child that vfork() or _Fork() has made: the table speaks of its parent's fds,
   and a lock may be held by a thread that is not there). Locks briefly: to be
   called inside a407_enter, as all below where nothing else is said. */
struct a407_conn *a407_conn_get(int fd);

/* Pins it once more. */
void a407_conn_pin(struct a407_conn *c);

/* Was it made by this process, and not by one that it was forked from? */
bool a407_conn_is_ours(int fd);

/* Releases the pin; the last one frees. */
void a407_conn_put(struct a407_conn *c);

/* A new connection object with one pin, not in the table; NULL: no memory. */
struct a407_conn *a407_conn_new(struct a407_site *site,
                                const struct sockaddr *peer, socklen_t n);

/* Puts it (or WATCH, or NULL) at fd; what stood there is released. */
void a407_slot_set(int fd, struct a407_conn *c);

/*
 * Follows the socket of that cookie, which is at fd: a new connection object in
 * the table. A site that is only watched is owned from here on. False: no
 * memory, or the cookie is 0: a socket without an identity.
 */
bool a407_slot_track(int fd, uint64_t cookie, struct a407_site *site,
                     const struct sockaddr *peer, socklen_t n);

/* Another fd for the same socket: dup, dup2, dup3, F_DUPFD. */
void a407_slot_copy(int from, int to);

/* The fd is about to be closed or replaced. Enters by itself, if it has to. */
void a407_slot_drop(int fd);

/* The highest fd that may be in the table; -1: none ever was. */
int a407_slot_top(void);

/* fd is another socket by now: c leaves that slot. True: it has no other. The
   caller, who holds c->lock, ends the record. */
bool a407_slot_stale(int fd, struct a407_conn *c);

/* Removes c from all slots: it passes through from now on. */
void a407_conn_retire(struct a407_conn *c);

/* Is this the process that the tables belong to? False in a vfork child. */
bool a407_own_process(void);

/* Calls around fork (a407_at_fork). */
void a407_registry_init(void);

/* The site of a configured endpoint, made at first use; NULL: no memory. */
struct a407_site *a407_site_get(const struct a407_endpoint *e);

/* One for a connection that is only watched, which then owns it. */
struct a407_site *a407_site_watched(const struct a407_endpoint *e);

#endif
