/* SPDX-License-Identifier: MIT */
#ifndef A407_ENGINE_H
#define A407_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/auth/scheme.h"
#include "core/base/bytes.h"
#include "core/config/config.h"
#include "core/record/event.h"

/*
 * The engine: one object per connection to a proxy. It is told what the
 * program writes and what the proxy sent, and says what it wants done next.
 * It does no I/O, reads no clock and takes no lock; docs/engine.md has the
 * picture of its states.
 *
 * Locking: an engine, and what it was made with, are used by one
 * thread at a time; the caller sees to it. Memory: engines allocate; when
 * memory runs out an engine goes to "forget", never fails the program.
 */

#define A407_CREDENTIALS_MAX 8

/* All that is called from within an engine. What takes time is asked for
   (a407_engine_ask), or left for the caller to take out. */
struct a407_host {
    void *ctx;
    a407_random_fn *random;
};

/* How one credential stands at one proxy. Times are in seconds of the
   monotonic clock. */
struct a407_standing {
    int64_t refused_until[A407_SCHEMES_MAX];
    bool worked;   /* was accepted once */
    unsigned ends; /* logins, one after the other, that met the connection's
                      end */
    /* a secret that is read from outside */
    struct a407_credential *resolved; /* owned */
    bool fetched;
    unsigned edition; /* counts the secrets read */
    int64_t fetch_after;
    int64_t unmet_until;   /* no ticket to be had */
    enum a407_cause unmet; /* ... and why */
};

/*
 * What is known of logging in at one proxy endpoint, shared by all connections
 * to it, of whatever program. Never shared between endpoints.
 */
struct a407_proxy {
    const struct a407_config *config;
    const struct a407_host *host;
    struct a407_endpoint endpoint;
    bool configured;       /* false: only watched, for the log */
    bool url_has_userinfo; /* a *_proxy variable holds a credential */
    const struct a407_credential *creds[A407_CREDENTIALS_MAX];
    struct a407_standing standing[A407_CREDENTIALS_MAX];
    size_t n_creds;
    bool elsewhere; /* none here, but some for another endpoint */
    bool hides;     /* a scheme that hides the secret was accepted once */
    bool keeps;     /* connections: its own 407 speaks HTTP/1.1, or says so. One
                       that does not may leave a connection to the origin once
                       it has handed an answer on: what comes from there is in
                       the origin's own words, and what goes there reaches it
                       raw */
    bool no_reuse;  /* a repeat on a kept connection was never answered here */
    bool each_request; /* it wants Negotiate's token with every request */
    /* what goes with the next request; scheme NULL: nothing yet */
    const struct a407_scheme *scheme;
    void *state;         /* NULL for a scheme that is bound to its connection */
    const char *carrier; /* ... and the name that it goes by */
    unsigned cred_index;
    struct a407_credential ticket; /* where nothing else is configured */
};

/* A 407 that the program has read: it may repeat that request by itself. */
#define A407_LEFT_MAX 8
struct a407_left {
    uint64_t hash;    /* of method and target */
    unsigned resends; /* how many repeats the next one makes; 0: unused */
};

/* What one program has done at one proxy, on all its connections. All zero at
   first; it holds no memory. */
struct a407_history {
    bool client_sent;                     /* a header of its own */
    struct a407_left left[A407_LEFT_MAX]; /* the last ones */
    unsigned left_next;
};

/* Fills p for an endpoint; host and config must outlive it. Allocates not. */
void a407_proxy_init(struct a407_proxy *p, const struct a407_config *config,
                     const struct a407_host *host,
                     const struct a407_endpoint *endpoint, bool configured);

/* Wipes and frees what worked, and the secrets that were read for it. */
void a407_proxy_clear(struct a407_proxy *p);

struct a407_engine;

/*
 * A new connection of a program to `proxy`; that and the program's history
 * outlive it. `peer` ("ip:port") is copied for the log. NULL when memory runs
 * out.
 */
struct a407_engine *a407_engine_new(struct a407_proxy *proxy,
                                    struct a407_history *history,
                                    const char *peer);

/* The TCP port of this end, for the record; after each connect. */
void a407_engine_local_port(struct a407_engine *e, uint16_t port);

/* Wipes and frees; NULL is fine. */
void a407_engine_free(struct a407_engine *e);

/* The time, before other calls: wall clock and monotonic, microseconds. */
void a407_engine_time(struct a407_engine *e, int64_t wall_us, int64_t mono_us);

/* ---- what the program writes ---- */

/* These bytes were accepted by the kernel, as the program gave them. */
void a407_engine_wrote(struct a407_engine *e, const char *p, size_t n);

/*
 * plan.behind: what is in the queue, from its front. If a 407 begins behind the
 * interim answer, and its head is whole, the program has no use for that
 * answer, and both are taken off (True; the plan follows).
 */
bool a407_engine_behind(struct a407_engine *e, const char *p, size_t n);

/*
 * Takes bytes without sending them: returns how many, up to the end of the
 * head; 0 only when the engine is about to forget, because memory has run out,
 * say. Ask for the plan afterwards: it may be SEND, also then.
 */
size_t a407_engine_hold(struct a407_engine *e, const char *p, size_t n);

/* ---- what is to be done ---- */

enum a407_want_kind {
    A407_WANT_PEEK,      /* look at the receive queue without taking: at least
                            n bytes, or the end: a407_engine_peeked */
    A407_WANT_DELIVER,   /* let the program read at most n bytes itself, then
                            a407_engine_delivered */
    A407_WANT_CONSUME,   /* take at most n bytes off the queue and show them:
                            a407_engine_consumed */
    A407_WANT_SEND,      /* send a407_engine_output, then a407_engine_sent */
    A407_WANT_RECONNECT, /* a new connection to the same peer, then
                            a407_engine_reconnected */
    A407_WANT_GIVE_BACK, /* the program must read a407_engine_kept, then the
                            end; the connection is forgotten */
    A407_WANT_ASK,       /* something that core can't do: a407_engine_ask, do
                            it, a407_engine_told */
    A407_WANT_FORGET     /* pass through for ever */
};

/* How the next byte that the program writes is to be treated. */
enum a407_write_mode {
    A407_WRITE_PASS,  /* send as it is, then say a407_engine_wrote */
    A407_WRITE_HOLD,  /* give the bytes to a407_engine_hold: a header is going
                         to be added, or a digest over the body needs the body
                         first */
    A407_WRITE_WAIT,  /* not yet: it would overtake what has begun. Do what the
                         plan says, then ask again */
    A407_WRITE_FORGET /* pass through for ever */
};

/* What `until_us` is about. */
enum a407_due {
    A407_DUE_NONE,
    A407_DUE_SEND,    /* all of the output is out */
    A407_DUE_CONNECT, /* the new connection is there */
    A407_DUE_OUTSIDE, /* what was asked for is there */
    A407_DUE_LEG,     /* the answer to a handshake's message is there, whole */
    A407_DUE_SILENCE  /* the repeat on a kept connection has an answer; some
                         proxies keep connections and never answer there */
};

/*
 * All that a driver must know before its next step, in one answer. A driver
 * does `kind` first, as far as it goes without a wait, and asks again. Who
 * reads, writes or polls in the meantime waits for that: at most until
 * `until_us` where there is such a limit, and then says a407_engine_expired;
 * otherwise as the program's own call would.
 */
struct a407_plan {
    enum a407_want_kind kind;
    size_t n; /* bytes; SIZE_MAX: no bound */
    enum a407_write_mode write;
    enum a407_due due;
    int64_t until_us; /* by the clock of a407_engine_time's mono_us; 0: none */

    /* In the middle of a body that nobody will want again: so many bytes the
       program may write, and read, before the engine is told, by their number
       alone (a407_engine_spent) and before anything else. */
    uint64_t write_credit, read_credit;

    bool own : 1;      /* SEND: all of it is what the program wrote and was held
                          back, and nothing of ours */
    bool repeated : 1; /* the answer that is awaited is to a request that we
                          repeated */
    bool fresh : 1;    /* ... the connection has taken another one's place */
    bool leg : 1;      /* a request stands in for the program's until a
                          handshake is over */
    bool open : 1;     /* the program has not written all of its request yet: to
                          wait for the answer in its place would be for ever */
    bool unanswered : 1; /* a request is out whole, its answer has not begun,
                            and a 407 would be answered */
    bool watch : 1;  /* part of a request is out, its answer has not begun: the
                        read side deserves a look before more is written */
    bool behind : 1; /* the program writes on while an interim answer waits for
                        it: look behind that, a407_engine_behind */
    bool tunnel : 1; /* a CONNECT is out whose answer was not seen: what follows
                        may be in a tunnel, if that answer was read past us */
    bool rest : 1;   /* the program has read but part of the head of a 407 that
                        is only watched: before a407_engine_closed show what is
                        in the queue, a407_engine_rest */
};

/* Pure and cheap: no side effect, no allocation. */
struct a407_plan a407_engine_plan(const struct a407_engine *e);

/*
 * The time (a407_engine_time) is past the plan's limit: what was waited for is
 * given up, and the plan is another. Where it was SEND or a connection, what
 * the driver has of that is of no use any more. False: there is no limit, or
 * nothing else to try: the wait is the program's own from here on.
 */
bool a407_engine_expired(struct a407_engine *e);

/* n may be 0; `end`: the connection has ended (FIN or an error) after these. */
void a407_engine_peeked(struct a407_engine *e, const char *p, size_t n,
                        bool end);
void a407_engine_delivered(struct a407_engine *e, const char *p, size_t n);
/* The program's own read met the end, or an error that ends the connection. */
void a407_engine_delivered_end(struct a407_engine *e);
void a407_engine_consumed(struct a407_engine *e, const char *p, size_t n,
                          bool end);

/* What WANT_SEND is about. Valid until the next call. */
struct a407_span a407_engine_output(const struct a407_engine *e);
void a407_engine_sent(struct a407_engine *e, size_t n);
/* Sending failed for good (EPIPE, ECONNRESET). Part of the program's own
   request may be out: if the plan is FORGET now, nothing may follow it. */
void a407_engine_send_failed(struct a407_engine *e);

/* The outcome of WANT_RECONNECT. */
void a407_engine_reconnected(struct a407_engine *e, bool ok);

/* What has gone on credit. */
void a407_engine_spent(struct a407_engine *e, uint64_t written, uint64_t read);

/* ---- what is asked of the outside ---- */

enum a407_ask_kind {
    A407_ASK_SECRET, /* read the credential from where it stands: a file, a
                        command */
    A407_ASK_TOKEN,  /* a GSSAPI token for the proxy's service, in answer to
                        `token` (p NULL: the first leg) */
    A407_ASK_VERIFY, /* is `token`, from an accepted answer, what proves the
                        proxy's identity? */
    A407_ASK_MARK    /* was the credential refused by that proxy a short time
                        ago, by any process of this user? ok: it was */
};

struct a407_ask {
    enum a407_ask_kind kind;
    unsigned cred_index;          /* of the proxy's credentials */
    struct a407_credential *cred; /* a copy; a407_ask_clear frees */
    const struct a407_endpoint *proxy;
    struct a407_buf token; /* a copy too */
};

/* What came of it. */
struct a407_told {
    bool ok;
    enum a407_cause cause; /* if not: NO_TICKET, CLOCK_SKEW, HELPER_FAILED,
                              UNMET, PROTOCOL; REJECTED: the KDC refused the
                              password */
    char detail[160];      /* ... in words, without secrets */
    bool late;             /* ... and all the time that there was is over */
    struct a407_buf token; /* TOKEN: for the proxy */
    char user[128];        /* ... and whose ticket it is from, or "" */
    struct a407_credential *secret; /* SECRET: takes the place of the one that
                                       was asked for. NULL: another connection
                                       to this proxy was told */
};

/* After WANT_ASK: fills out, which the caller clears. False: no memory; then
   tell that it failed. */
bool a407_engine_ask(const struct a407_engine *e, struct a407_ask *out);
void a407_ask_clear(struct a407_ask *ask);

/* Says that it failed, why, and in words without secrets. False. */
bool a407_told_fail(struct a407_told *told, enum a407_cause cause,
                    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Wipes and frees what told owns. */
void a407_told_clear(struct a407_told *told);

/* Takes over what told owns, and leaves it empty. */
void a407_engine_told(struct a407_engine *e, struct a407_told *told);

/* The 407 that was taken off the queue, for WANT_GIVE_BACK. */
struct a407_span a407_engine_kept(const struct a407_engine *e);

/* Bytes that the engine has not seen have gone or come, or nobody can act for
   it any more: it passes through for ever. What was held back goes out first,
   as it was written (WANT_SEND). */
void a407_engine_forget(struct a407_engine *e);

/* The program closes the connection, or replaces it. Ends the record. */
void a407_engine_closed(struct a407_engine *e);

/* plan.rest: bytes of the queue, from its front. */
void a407_engine_rest(struct a407_engine *e, const char *p, size_t n);

/* ---- the record ---- */

/*
 * Takes out the oldest finished record, or NULL. The caller owns it: it fills
 * in `process`, logs it, and frees it with free(). One call to the engine may
 * finish several (pipelined answers in one read), so ask until it says NULL.
 */
struct a407_event *a407_engine_event(struct a407_engine *e);

/* The proxy has accepted or refused a credential just now: for the marks that
   the user's other processes look at. */
struct a407_verdict {
    struct a407_credential *cred; /* a copy, with its secret */
    bool accepted;
};

/* Takes out the oldest one, as with records; the caller frees out->cred with
   a407_credentials_free. False: there is none. */
bool a407_engine_verdict(struct a407_engine *e, struct a407_verdict *out);

/* In the child after fork: records and verdicts are the parent's. */
void a407_engine_forked(struct a407_engine *e);

/* How often something that can't happen happened; 0 in every test. */
unsigned a407_engine_anomalies(const struct a407_engine *e);

/* The name of the state, for messages and tests. */
const char *a407_engine_state_name(const struct a407_engine *e);

#endif
