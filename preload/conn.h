/* SPDX-License-Identifier: MIT */
#ifndef A407_CONN_H
#define A407_CONN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/engine/engine.h"
#include "credit.h"
#include "host/talk.h"
#include "under_way.h"
#include "wait.h"

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
    unsigned fds_out; /* private fds (socket.h) that are held without it */
    struct a407_site *next; /* the registry's lock */
};

/* What is being had from outside: ask.c. */
struct a407_errand {
    struct a407_ask ask;
    struct a407_told told;
    struct a407_talk talk;
    int64_t ms; /* that it may take */
};

/* BEGINS: a thread is in connect(), without the lock. */
enum a407_connecting { A407_CONNECTED, A407_BEGINS, A407_CONNECTS };

struct a407_conn {
    /* set once */
    uint64_t serial; /* of this object; none has it ever again */
    pid_t maker;     /* the process that connected */
    struct a407_site *site;
    struct a407_engine *engine; /* what it points to: as what follows */
    struct sockaddr_storage peer;
    socklen_t peer_n;
    bool counted; /* socket.h: its bytes are */

    /* the registry's lock */
    unsigned refs; /* pins and table entries */
    unsigned fds;  /* table entries alone */
    struct a407_credit credit[A407_WAYS];
    struct a407_account account; /* both locks to change it, any to read */

    /* atomic */
    bool shut_read;     /* the program said SHUT_RD or SHUT_RDWR: let go */
    bool shut_write;    /* the program said SHUT_WR */
    const void *opener; /* of the fdopen() that made a stream of it; or NULL */
    const void *caller; /* return address of the last call on it */

    /* the site's lock */
    bool lent;       /* credit is out, or was and is not settled */
    uint64_t cookie; /* SO_COOKIE: the socket's identity */
    uint16_t port;   /* its local port when it was connected; or 0 */
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
    enum a407_connecting connecting; /* anew */
    int made;                        /* ... another socket for it, or -1 */
    uint64_t made_cookie; /* ... which is ours as long as this is its cookie */
    unsigned renewed;     /* times that it was connected again */
    unsigned asking; /* 0, or: one thread begins with an errand, outside; it
                        may never come back (siglongjmp()) */
    unsigned asks;   /* ... the last one's number */
    struct a407_errand *errand; /* ask.c: what was asked for is being had */
    struct a407_sleep sleep;    /* ... and that is to be waited for */
    struct a407_child child;    /* makes tokens for a handshake; or none */
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

/* Body bytes after which a writer looks whether there is an answer. */
#define A407_LOOK_EVERY 65536u

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
struct a407_conn *a407_conn_new(struct a407_site *site, uint64_t cookie,
                                const struct sockaddr *peer, socklen_t n);

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

/* Ends what it is about, which nobody waits for any more; the other: c's. */
void a407_errand_free(struct a407_errand *e);
void a407_conn_drop_errand(struct a407_conn *c);

/* Until when what the plan is about may take, by a407_now_ms(); or
   A407_FOR_EVER. */
static inline int64_t a407_plan_limit(const struct a407_plan *plan)
{
    return plan->until_us ? plan->until_us / 1000 + 1 : A407_FOR_EVER;
}

#endif
