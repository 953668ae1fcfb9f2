/* SPDX-License-Identifier: MIT */
#ifndef A407_DRIVER_H
#define A407_DRIVER_H

#include <poll.h>
#include <sys/uio.h>

#include "core/engine/engine.h"
#include "host/errand.h"
#include "transport.h"

/*
 * Does what an engine wants, over a transport, and decides who waits, for what
 * and until when. It waits for nothing itself: who reads, writes or polls gets
 * told what is needed, and comes again.
 *
 * Locking: a driver, its engine, and the site's state behind that are used by
 * one thread at a time; the caller sees to it, and calls a407_driver_begin
 * whenever it has got hold of them. Memory: it allocates; without memory the
 * connection is let go.
 */

#define A407_FOR_EVER INT64_MAX

/* The connection's own socket, whatever its number is. */
#define A407_OWN_FD (-2)

/* A secret that is being read for all drivers of a site that ask for it. All
   zero at first; locked as they are. */
struct a407_shared {
    struct a407_errand *errand; /* NULL: none */
    bool beginning;             /* somebody begins with it, outside; who may
                                   never come back */
    bool told; /* drivers were told without a call at hand: what they need is
                  another. The caller's to reset */
    struct a407_sleep sleep; /* what it waits for */
    struct a407_driver *waiting;
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

    bool unsent;     /* the program was told that it is sent, and it is not */
    bool given_back; /* a saved 407 is read from what stands in its place; what
                        is written goes nowhere */
    int error;       /* an error of the connection that was taken off */
    unsigned steps;  /* who waits sees by it that others went on */

    /* looking */
    char *scratch; /* for peeked bytes */
    size_t scratch_n;
    size_t peeked;      /* bytes of a head seen at the last look */
    int64_t full_until; /* 0, or: it looks full; the rest may come until then */
    int full_ms;        /* ... how long to wait before the next look */
    int64_t look_again; /* ... which is then */
    size_t unwatched;   /* body bytes written since the last look */
    int64_t wrote_ms;   /* when the program last wrote */

    /* a new connection: the transport says */
    bool renewal_busy; /* another thread is in the middle of it */
    unsigned renewals; /* how many were made */
    int renewal_fd;    /* writable when it is there; A407_OWN_FD; -1: not
                          begun */

    /* what is asked of the outside */
    unsigned asking; /* 0, or: somebody begins with it, outside; who may never
                        come back (siglongjmp()) */
    unsigned asks;   /* ... the last one's number */
    struct a407_errand *errand; /* what goes on, or NULL */
    struct a407_sleep sleep;    /* ... and what that waits for */
    struct a407_child child;    /* makes tokens for a handshake; or none */
    bool joined;                /* waits for what is read for several */
    struct a407_driver *next;   /* ... as does this one */
};

/* Takes over the engine. Both tables outlive it; config and shared too. */
void a407_driver_init(struct a407_driver *d, struct a407_engine *engine,
                      const struct a407_transport *transport,
                      const struct a407_config *config,
                      struct a407_shared *shared);

/* Ends what is under way, and frees all but d, which waits for nothing that is
   shared (a407_driver_drop_errand). Needs no call at hand. */
void a407_driver_free(struct a407_driver *d);

/* A call begins, or goes on after a wait: by the wall clock and the monotonic
   one, in microseconds. */
void a407_driver_begin(struct a407_driver *d, int64_t wall_us, int64_t mono_us);

/* Gives up what is asked for: nobody asks any more. */
void a407_driver_drop_errand(struct a407_driver *d);

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
    A407_NEEDS_ROOM,   /* room for what the program writes */
    A407_NOT_FOLLOWED, /* nothing can be done with it in this call, or any more:
                          it may be another connection */
    A407_PASS,         /* the rest goes as if nobody were there */
    A407_FAILED        /* errno is the program's to see */
};

/*
 * Does what the plan says, as far as it goes. DRIVEN: the plan is DELIVER or
 * FORGET, or d->error is to be told, or what was saved was given back. OUT:
 * only what is to be sent, and what is to be asked for that; DRIVEN: that is
 * out, or will never be: then d->failed, or the plan is another.
 */
enum a407_pump { A407_PUMP_ALL, A407_PUMP_OUT };
enum a407_driven a407_driver_pump(struct a407_driver *d, enum a407_pump which);

/* The plan's limit is over: what is under way for it is dropped, and the plan
   is another. False: there is no limit, or nothing else to be tried. */
bool a407_driver_expire(struct a407_driver *d);

/* ---- who waits, for what, until when ---- */

/* What poll() may say of a connection: that there is something to read, or to
   be told; that there is room. Epoll's bits are the same. */
#define A407_IN_BITS                                                           \
    (POLLIN | POLLRDNORM | POLLRDBAND | POLLRDHUP | POLLHUP | POLLERR)
#define A407_OUT_BITS (POLLOUT | POLLWRNORM | POLLWRBAND)

struct a407_need {
    bool pending;   /* an answer is awaited that may be a 407 to be answered, or
                       there is work */
    bool work;      /* there is something to do: ... */
    int fd;         /* when there are `events` at fd (-1: none; A407_OWN_FD) */
    short events;   /* ... of poll() */
    int64_t until;  /* ... or at that time; 0: at once. Milliseconds of the
                       monotonic clock, or A407_FOR_EVER */
    unsigned muted; /* readiness that is not the program's at the moment, and
                       stays until something is done */
};

/* The one answer to that, for calls that wait themselves, for poll, and for a
   loop. Pure. */
struct a407_need a407_driver_need(const struct a407_driver *d);

/* Until when what the plan is about may take, or A407_FOR_EVER. */
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
 * Writes as far as it goes. DRIVEN: all is done. After the wait that it needs
 * it is called again with the same w. NEEDS_BYTES: the proxy's next answer in a
 * handshake. FAILED, after something was held back: w->done is 0, none of it
 * is to be told as sent.
 */
enum a407_driven a407_driver_write(struct a407_driver *d, struct a407_write *w);

/*
 * The call ends before that wait, or in it. The program is told that what is
 * held back is sent, as with what the kernel has taken: it is left to whoever
 * comes by.
 */
static inline void a407_driver_leave(struct a407_driver *d,
                                     const struct a407_write *w)
{
    d->unsent = d->unsent || w->held;
}

/* n bytes of w have gone out. */
void a407_driver_wrote(struct a407_driver *d, struct a407_write *w, size_t n);

/* A request begins, or a tunnel may have: lets the connection go if it has
   carried what was not seen, or leads elsewhere by now. */
void a407_driver_check_unseen(struct a407_driver *d);

/* Body bytes after which a writer looks whether there is an answer. */
#define A407_LOOK_EVERY 65536u

/* The program lets go of the connection, in the middle of a head: what it has
   not read is of interest to the record. */
void a407_driver_see_rest(struct a407_driver *d);

#endif
