/* SPDX-License-Identifier: MIT */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/driver.h"

/*
 * A program and its connection, without either being there: a transport
 * (driver/transport.h) over buffers, under the driver that the product has.
 * Used by the transcripts and by the fuzzer.
 */

struct sim_bytes {
    char *p;
    size_t n, cap;
};

/* Appends, or ends the process: a test without memory has no result. */
void sim_add(struct sim_bytes *b, const char *p, size_t n);

enum sim_end { SIM_OPEN, SIM_FIN, SIM_RESET };

#define SIM_MARKS 16

/* Work that is to be done outside, and not done yet. */
#define SIM_JOBS 16

struct sim {
    struct a407_driver driver; /* engine NULL: not open */

    /* what the proxy sent and nobody has taken yet */
    struct sim_bytes queue;
    size_t taken;     /* bytes of it that are gone */
    enum sim_end end; /* what follows them */

    /* all there was so far */
    struct sim_bytes written; /* by the program */
    size_t accepted;          /* bytes of it that its calls have taken */
    struct sim_bytes wire;    /* to the proxy, over all connections */
    struct sim_bytes arrived; /* from the proxy, ditto */
    struct sim_bytes app;     /* read by the program */
    enum sim_end app_end;     /* the end that the program has met */
    size_t mark[SIM_MARKS];   /* wire.n at each reconnect */
    size_t n_marks;
    bool consumed;   /* part of an answer never reached the program */
    bool owes;       /* ... and nothing has come of that yet */
    unsigned stuck;  /* how often the engine wanted things without end */
    int64_t mono_us; /* a clock that stands still unless it is moved */
    int64_t wall_us;

    /* what a kernel, another thread or an attacker can do to the connection */
    enum a407_hold holds;
    bool full;                  /* nothing can be sent now */
    int fails;                  /* errno of all that is sent; or 0 */
    bool odd;                   /* poll() tells an error, and nothing fails */
    bool unreadable;            /* the program's memory, for us */
    bool elsewhere, touched;    /* it leads to another peer; others used it */
    enum a407_renewal renewals; /* RENEWED: as reconnect says */
    bool shut;                  /* the driver has shut it down */
    bool harmed;                /* one of these was used */

    bool asks_wait;    /* what is asked of the outside is not begun with yet */
    bool asks_at_once; /* ... or has its answer as soon as it is begun with */
    struct a407_job jobs[SIM_JOBS];
    size_t n_jobs;
    bool stepped;     /* an errand is in the middle of its work */
    size_t send_step; /* the kernel takes at most this many bytes at once */
    size_t read_step; /* the program's buffer */

    bool (*reconnect)(void *ctx, struct sim *s); /* does it succeed? */
    void (*event)(void *ctx, struct sim *s, struct a407_event *ev); /* owns */
    void (*verdict)(void *ctx, struct sim *s, const struct a407_verdict *v);
    /* what the engine asks of the outside; told is empty, and not ok */
    void (*ask)(void *ctx, struct sim *s, const struct a407_ask *ask,
                struct a407_told *told);
    void *ctx;
};

/* True while driver or engine are at work: only then do tests let malloc()
 * fail. */
extern bool sim_in_engine;

/* Makes the engine; the settings of s are in place. False: no memory. */
bool sim_open(struct sim *s, struct a407_proxy *proxy,
              struct a407_history *history, struct a407_shared *shared);

/* The program writes, until all is written; what waits for a handshake, as soon
   as it reads after that. */
void sim_write(struct sim *s, const char *p, size_t n);

/* The proxy sends. */
void sim_arrive(struct sim *s, const char *p, size_t n);

/* A non-blocking program reads all that there is. */
void sim_read(struct sim *s);

/* Nothing comes until the plan's limit is over. Does that change anything? */
bool sim_expire(struct sim *s);

/* Nobody can act for the engine any more. */
void sim_forget(struct sim *s);

/* The program closes. */
void sim_end(struct sim *s);

/* ... and everything is freed. */
void sim_close(struct sim *s);

/*
 * While nothing was taken from the program, it reads what the proxy sent, and
 * the proxy gets what the program wrote, but for lines that begin with
 * Proxy-Authorization. What was taken is answered or given back before the
 * engine lets go. NULL, or what was broken.
 */
const char *sim_conserved(const struct sim *s);

#endif
