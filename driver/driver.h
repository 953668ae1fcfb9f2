/* SPDX-License-Identifier: MIT */
#ifndef A407_DRIVER_H
#define A407_DRIVER_H

#include <poll.h>
#include <sys/uio.h>

#include "core/engine/engine.h"
#include "host/errand.h"
#include "transport.h"

/*
 * Does what an engine wants, over a transport. It never waits: it tells who
 * reads, writes or polls what to wait for and until when, and is called again.
 *
 * A driver, its engine and what that shares are used by one thread at a time:
 * the caller locks, then calls a407_driver_begin. It allocates; without memory
 * the connection is let go.
 */

#define A407_FOR_EVER INT64_MAX

/* The connection's own socket, whatever its number is. */
#define A407_OWN_FD (-2)

/* What the drivers of a site share, locked as they are: mostly a secret that is
   being read for all that ask for it. All zero at first. */
struct a407_shared {
    int64_t begin_at;           /* no process is started before (now_ms) */
    struct a407_errand *errand; /* NULL: none */
    bool beginning; /* a thread begins with it, unlocked; it may never return */
    int64_t begins_until; /* ... that takes too long from then on */
    bool told; /* drivers outside a call were told: what they need has
                  changed. The caller resets it */
    struct a407_sleep sleep; /* what it waits for */
    struct a407_driver *waiting;
    struct a407_errand *over; /* of all drivers: to be freed without the lock */
};

struct a407_driver {
    /* set once */
    struct a407_engine *engine; /* owned */
    const struct a407_transport *transport;
    const struct a407_config *config;
    struct a407_shared *shared;

    /* atomic */
    bool shut_read;  /* the program said SHUT_RD or SHUT_RDWR: let go */
    bool shut_write; /* the program said SHUT_WR */

    /* of the call at hand */
    void *link;     /* the transport's */
    int64_t now_ms; /* when it began, by the monotonic clock */
    int64_t wall_us;
    int failed; /* errno: what the program wrote can't be sent whole */

    bool unsent;     /* bytes that the program was told are sent are not */
    bool given_back; /* the program reads a saved 407; its writes are dropped */
    int error;       /* the socket's SO_ERROR, taken off by a read of ours */
    unsigned steps;  /* who waits sees by it that others went on */

    /* looking */
    char *scratch; /* for peeked bytes */
    size_t scratch_n;
    size_t peeked;      /* bytes of a head seen at the last look */
    int64_t full_until; /* 0, or: the receive buffer looks full; the rest of the
                           head may come until then */
    int64_t look_again; /* ... the next look, */
    int full_ms;        /* ... so long after the last */
    size_t unwatched;   /* body bytes written since the last look */
    int64_t wrote_ms;   /* when the program last wrote */

    /* a new connection: the transport's */
    bool renewal_busy; /* another thread connects */
    unsigned renewals; /* how many were made */
    int renewal_fd;    /* writable once connected; A407_OWN_FD; -1: not begun */

    /* secrets and tokens */
    unsigned asking; /* 0, or the number of what a thread begins with, unlocked;
                        it may never return (siglongjmp()) */
    unsigned asks;   /* ... the last number */
    struct a407_errand *errand; /* what goes on, or NULL */
    struct a407_sleep sleep;    /* ... and what that waits for */
    struct a407_child child;    /* makes tokens for a handshake; or none */
    bool joined;                /* waits for the shared errand */
    struct a407_driver *next;   /* ... as does this one */
};

/* Takes over the engine. Both tables outlive it; config and shared too. */
void a407_driver_init(struct a407_driver *d, struct a407_engine *engine,
                      const struct a407_transport *transport,
                      const struct a407_config *config,
                      struct a407_shared *shared);

/* Frees all but d, after a407_driver_drop_errand; also outside a call. */
void a407_driver_free(struct a407_driver *d);

/* A call begins, or goes on after a wait. Both clocks in microseconds. */
void a407_driver_begin(struct a407_driver *d, int64_t wall_us, int64_t mono_us);

/* Gives up the errand, or its part in the shared one. */
void a407_driver_drop_errand(struct a407_driver *d);

/* After each call: what is over (or NULL), for a407_errand_free without the
   lock, since that may end a process. */
struct a407_errand *a407_shared_over(struct a407_shared *s);

/* Does it pass through from now on? */
static inline bool a407_driver_is_over(const struct a407_driver *d)
{
    return !d->given_back &&
           a407_engine_plan(d->engine).kind == A407_WANT_FORGET;
}

/* ---- what a call comes to ---- */

enum a407_driven {
    A407_DRIVEN,       /* as far as it was to go */
    A407_NEEDS_BYTES,  /* more bytes from the peer */
    A407_NEEDS_WORK,   /* what a407_driver_need says */
    A407_NEEDS_ROOM,   /* room in the send buffer */
    A407_NOT_FOLLOWED, /* the fd may be another connection by now */
    A407_PASS,         /* the rest goes straight to the kernel */
    A407_FAILED        /* with errno, for the program */
};

/*
 * Does what the plan says, as far as it goes. ALL, DRIVEN: the plan is DELIVER
 * or FORGET, or d->error is the program's, or the saved 407 was given back.
 * OUT: only sends, and asks for what that takes; DRIVEN: all is out, or never
 * will be (d->failed, or another plan). Where nothing is there what the plan
 * gives no more time is given up.
 */
enum a407_pump { A407_PUMP_ALL, A407_PUMP_OUT };
enum a407_driven a407_driver_pump(struct a407_driver *d, enum a407_pump which);

/* Where the plan's time is over: drops what is under way; the plan is another.
   False: it is not over, or there is nothing else to try. */
bool a407_driver_expire(struct a407_driver *d);

/* ---- who waits, for what, until when ---- */

/* Of poll() and epoll: something to read, an end or an error; room to write. */
#define A407_IN_BITS                                                           \
    (POLLIN | POLLRDNORM | POLLRDBAND | POLLRDHUP | POLLHUP | POLLERR)
#define A407_OUT_BITS (POLLOUT | POLLWRNORM | POLLWRBAND)

struct a407_need {
    bool pending; /* a 407 may be coming, there is work, or a part of a head is
                     held */
    bool work;    /* there is something to do: ... */
    int fd;       /* when poll() finds `events` at fd (-1: none; A407_OWN_FD) */
    short events;
    int64_t until; /* ... or then; 0: at once. Milliseconds of the monotonic
                      clock, or A407_FOR_EVER */
    unsigned
        muted; /* poll() bits to hide from the program until that is done */
};

/* Pure. */
struct a407_need a407_driver_need(const struct a407_driver *d);

/* When the plan's time is over, in milliseconds, or A407_FOR_EVER. */
static inline int64_t a407_plan_limit(const struct a407_plan *plan)
{
    return plan->until_us ? plan->until_us / 1000 + 1 : A407_FOR_EVER;
}

/* ---- the program writes ---- */

/* A write in progress: the program's bytes, and how far it is. */
struct a407_write {
    const struct iovec *iov;
    size_t n;
    size_t i;    /* the iovec at hand */
    size_t at;   /* bytes of it that are done */
    size_t done; /* bytes in all */
    bool held;   /* what is held back was told as done, and is not out */
};

/* What is left of the iovec at hand. Empty: all is done. */
struct a407_span a407_write_rest(struct a407_write *w);
void a407_write_advance(struct a407_write *w, size_t n);

/*
 * Writes as far as it goes; DRIVEN: all. After the wait that it needs it is
 * called again with the same w. NEEDS_BYTES: the proxy's next answer in a
 * handshake. FAILED with bytes held back: w->done is 0, none count as sent.
 */
enum a407_driven a407_driver_write(struct a407_driver *d, struct a407_write *w);

/* The call ends without that wait. The program is told that held bytes are
   sent, as with what the kernel has taken; a later call sends them. */
static inline void a407_driver_leave(struct a407_driver *d,
                                     const struct a407_write *w)
{
    d->unsent = d->unsent || w->held;
}

/* Nobody may write the rest of a head that is held: the program hands the
   connection on, shuts it, or forks. Its bytes go out, or are d->unsent. */
void a407_driver_let_out(struct a407_driver *d);

/* n bytes of w have gone out. */
void a407_driver_wrote(struct a407_driver *d, struct a407_write *w, size_t n);

/* A request begins, or a tunnel may have: lets the connection go if it has
   carried bytes past us, or has another peer by now. */
void a407_driver_check_unseen(struct a407_driver *d);

/* Body bytes after which a writer looks whether there is an answer. */
#define A407_LOOK_EVERY 65536u

/* After a read: what a watched 407 says behind its head is for the record. */
void a407_driver_see_words(struct a407_driver *d);

/* The program closes in the middle of a head: the rest is for the record. */
void a407_driver_see_rest(struct a407_driver *d);

#endif
