/* SPDX-License-Identifier: MIT */
#ifndef STRESS_EXCHANGE_H
#define STRESS_EXCHANGE_H

#include <stdatomic.h>

#include "answer.h"
#include "plan.h"

/* Of the proxy: for Basic, Digest and NTLM. */
#define PORTS 3

/* One run of the client. */
struct run {
    uint64_t seed;
    unsigned seconds;
    unsigned width; /* connections of the loop, or threads */
    uint16_t port[PORTS];
    bool children;         /* make some now and then */
    atomic_uint started;   /* also the next exchange's number */
    atomic_uint completed; /* as planned, by the client's plan as well */
    atomic_uint abandoned;
    atomic_uint failed;
    atomic_bool over;
};

/* One exchange on one connection. */
struct exchange {
    struct run *run;
    struct plan plan;
    struct answer answer;
    uint64_t random;
    char *out; /* the request; what goes through a tunnel follows it */
    size_t out_n, out_at;
    size_t request_n; /* of these, the request */
    size_t leave_at;  /* bytes written or read after which the client hangs
                         up; SIZE_MAX: it does not */
    size_t moved;
    int64_t since; /* ms */
};

enum progress {
    GO_ON,
    LATER,  /* EAGAIN */
    KEPT,   /* done; the connection can carry another */
    CLOSED, /* done, and so is the connection */
    BROKEN  /* an error, which has been told */
};

/* Begins the next exchange. False: the run is over. */
bool exchange_start(struct exchange *x, struct run *run, uint64_t *random);
void exchange_free(struct exchange *x);

/* Is there something that may be written now? */
bool exchange_writes(const struct exchange *x);

/* One call each. `lockstep`: never more into a tunnel than has come back. */
enum progress exchange_write(struct exchange *x, int fd, bool lockstep);
enum progress exchange_read(struct exchange *x, int fd);

/* Counts and tells a failure. */
void exchange_fail(struct exchange *x, const char *what, int error);

/* A stream socket to one of the two ports, connected or connecting. */
int exchange_connect(struct run *run, int type_flags, uint64_t *random);

int64_t now_ms(void);

/* The two kinds of client. */
void run_loop(struct run *run);
void run_threads(struct run *run);

#endif
