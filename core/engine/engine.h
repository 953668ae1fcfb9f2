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
 * The engine: one object per connection to a proxy. It is told what the program
 * writes and what the proxy sends, and says what is to be done next. No I/O, no
 * clock, no lock. docs/engine.md has the picture of its states.
 *
 * An engine, and what it was made with, are used by one thread at a time. Where
 * memory runs out it goes to FORGET; it never fails the program.
 */

#define A407_CREDENTIALS_MAX 8

/* All that an engine calls. What takes time it asks for (a407_engine_ask). */
struct a407_host {
    void *ctx;
    a407_random_fn *random;
};

/*
 * A proxy may be late with a new secret, or confuse it with the old one while
 * it looks both up: a refusal within so many seconds of the change holds only
 * for so many.
 */
#define A407_CHANGING_S 2
#define A407_SHORT_S    1

/* How one credential stands at one proxy. Times: monotonic, seconds. */
struct a407_standing {
    int64_t refused_until[A407_SCHEMES_MAX];
    bool worked;        /* was accepted once */
    bool recalled;      /* ... by what another process remembers */
    bool alone;         /* this process's own trial was waited for in vain */
    bool replaces;      /* one that had worked, until it was refused */
    int64_t replaced_s; /* ... when */
    int64_t looked_s;   /* when its mark was last looked for */
    unsigned ends;      /* logins in a row that met the connection's end */
    /* as it stands in the settings: before anything was read from outside */
    const struct a407_credential *configured;
    struct a407_credential *resolved; /* read from outside; owned */
    bool fetched;     /* the secret was read; is true of the settings' own */
    unsigned edition; /* counts the secrets read */
    int64_t fetch_after;
    int64_t unmet_until;   /* no ticket to be had */
    enum a407_cause unmet; /* ... and why */
};

/* What the user's next processes are told, or have told this one. */
struct a407_remembered {
    const struct a407_scheme *scheme; /* NULL: nothing */
    const char *carrier;
    unsigned cred_index;
    unsigned ways; /* of the proxy: a bit each, memory.c */
};

/* What is known of logging in at one endpoint, for all connections to it, and
   never for another endpoint's. */
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
    bool hides;    /* a scheme that hides the secret was accepted once; and none
                      that does not since, where AUTH407_CLEAR=yes */
    bool keeps;    /* its own 407 says that it keeps connections. After an
                      answer, one that does not may leave the connection to
                      the origin: docs/engine.md, Whose connection it is */
    bool no_reuse; /* a repeat on a kept connection was never answered here */
    bool each_request;  /* it wants Negotiate's token with every request */
    int64_t ways_since; /* wall clock, seconds: when the next processes were
                           first told of keeps, no_reuse, each_request; or 0 */
    /* what goes with the next request; scheme NULL: nothing yet */
    const struct a407_scheme *scheme;
    void *state;         /* NULL for a scheme that is bound to its connection */
    const char *carrier; /* ... and the name that it goes by */
    unsigned cred_index;
    struct a407_remembered remembered;
    struct a407_credential ticket; /* where nothing else is configured */
};

/* A 407 that the program has read: it may repeat that request by itself. */
#define A407_LEFT_MAX 8
struct a407_left {
    uint64_t hash;    /* of method and target */
    unsigned resends; /* how many repeats the next one makes; 0: unused */
};

/* What one program has done at one proxy, on all its connections. Zero at
   first; owns nothing. */
struct a407_history {
    bool client_sent;                     /* a header of its own */
    bool answers;                         /* ... after a 407 that it read */
    struct a407_left left[A407_LEFT_MAX]; /* the last ones */
    unsigned left_next;
};

/* Fills p for an endpoint; host and config outlive it. Allocates nothing. */
void a407_proxy_init(struct a407_proxy *p, const struct a407_config *config,
                     const struct a407_host *host,
                     const struct a407_endpoint *endpoint, bool configured);

/* Wipes and frees what worked, and the secrets that were read for it. */
void a407_proxy_clear(struct a407_proxy *p);

/*
 * Memory, so that the first request of the user's next process carries the
 * header: lines of text, without a secret. What counts (a Digest nonce) is not
 * in it, but is handed on by itself: only one process may have it at a time.
 */

/* Has something worked, or turned out, that is not remembered yet? */
bool a407_proxy_has_news(const struct a407_proxy *p);

/* Appends it all (now_s: by the wall clock), for
   p->standing[p->cred_index].configured; then it is remembered. False: no
   memory. */
bool a407_proxy_remember(struct a407_proxy *p, int64_t now_s,
                         struct a407_buf *out);

/* Adopts what was remembered for that credential, unless the settings forbid
   it, or another one was recalled before. now_s: by the wall clock. True: it
   takes a407_proxy_resume in addition. */
bool a407_proxy_recall(struct a407_proxy *p, unsigned cred_index,
                       struct a407_span text, int64_t now_s);

/* Takes out what counts, in one line, for the next process: p forgets it.
   False: there is nothing, or no memory. */
bool a407_proxy_suspend(struct a407_proxy *p, struct a407_buf *out);
/* Adopts it; nobody else has that line. False: it is of no use here. */
bool a407_proxy_resume(struct a407_proxy *p, unsigned cred_index,
                       struct a407_span line);

/* In a fork's child: what counts is the parent's. */
void a407_proxy_forked(struct a407_proxy *p);

struct a407_engine;

/* A new connection of a program to `proxy`; that and the history outlive it.
   `peer` ("ip:port") is copied, for the record. NULL: no memory. */
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

/* The kernel has taken these bytes, as the program gave them. */
void a407_engine_wrote(struct a407_engine *e, const char *p, size_t n);

/* plan.behind: what is in the queue, from its front. True: behind the interim
   answer is the whole head of a 407, and the plan takes both off. */
bool a407_engine_behind(struct a407_engine *e, const char *p, size_t n);

/* Takes bytes of a head without sending them: returns how many; 0 only when it
   forgets (no memory, say). The plan after it may be SEND, also then. */
size_t a407_engine_hold(struct a407_engine *e, const char *p, size_t n);

/* What is held of a head goes out as it is, without waiting for the rest. */
void a407_engine_let_out(struct a407_engine *e);

/* ---- what is to be done ---- */

enum a407_want_kind {
    A407_WANT_PEEK,    /* show n bytes or more, or the end, and take none:
                          a407_engine_peeked */
    A407_WANT_DELIVER, /* the program reads at most n: a407_engine_delivered */
    A407_WANT_CONSUME, /* take at most n bytes off: a407_engine_consumed */
    A407_WANT_SEND,    /* a407_engine_output; then a407_engine_sent */
    A407_WANT_RECONNECT, /* to the same peer; then a407_engine_reconnected */
    A407_WANT_GIVE_BACK, /* the program reads a407_engine_kept, then the end */
    A407_WANT_ASK,       /* a407_engine_ask, do it, a407_engine_told */
    A407_WANT_FORGET     /* pass through for ever */
};

/* How the next byte that the program writes is to be treated. */
enum a407_write_mode {
    A407_WRITE_PASS,  /* send it as it is, then a407_engine_wrote */
    A407_WRITE_HOLD,  /* give it to a407_engine_hold: a header may be added */
    A407_WRITE_WAIT,  /* not before the plan is done: it would overtake that */
    A407_WRITE_FORGET /* pass through for ever */
};

/* What `until_us` is about. */
enum a407_due {
    A407_DUE_NONE,
    A407_DUE_SEND,    /* all of the output is out */
    A407_DUE_CONNECT, /* the new connection is there */
    A407_DUE_OUTSIDE, /* what was asked for is there */
    A407_DUE_LEG,     /* the answer to a handshake's message is there, whole */
    A407_DUE_BODY,    /* the 407 has come to its end */
    A407_DUE_SILENCE  /* the repeat on a kept connection has an answer */
};

/*
 * All that a driver must know before its next step. It does `kind` as far as
 * that goes without a wait, and asks again. Who reads, writes or polls
 * meanwhile waits until `until_us`, and then says a407_engine_expired; where
 * there is no such limit, as the program's own call would.
 */
struct a407_plan {
    enum a407_want_kind kind;
    size_t n; /* bytes; SIZE_MAX: no bound */
    enum a407_write_mode write;
    enum a407_due due;
    int64_t until_us; /* by the clock of a407_engine_time's mono_us; 0: none */

    /* In a body that nobody wants again: bytes to write and read without the
       engine. Before any other call: a407_engine_spent. */
    uint64_t write_credit, read_credit;

    bool own : 1;      /* SEND: only what the program wrote and was held back */
    bool repeated : 1; /* the awaited answer is to a request that we repeated */
    bool fresh : 1;    /* ... the connection has taken another one's place */
    bool leg : 1;      /* a handshake's request stands in for the program's */
    bool open : 1; /* the program's request is not written whole: don't wait */
    bool unanswered : 1; /* a request is out whole, its answer has not begun,
                            and a 407 would be answered */
    bool watch : 1;  /* ... in part: look at the read side before each write */
    bool behind : 1; /* the program writes on while a 1xx waits for it:
                        a407_engine_behind */
    bool tunnel : 1; /* a CONNECT is out, its answer not seen: what follows may
                        be in a tunnel, if that was read past us */
    bool rest : 1;   /* the head of a watched 407 was read in part:
                        a407_engine_rest before a407_engine_closed */
};

/* Pure and cheap: no side effect, no allocation. */
struct a407_plan a407_engine_plan(const struct a407_engine *e);

/* It is past the plan's limit: what was waited for is given up, what the driver
   has of it is of no use any more, and the plan is another. False: there is no
   limit, or nothing else to try: the wait is the program's own. */
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
/* Sending failed for good (EPIPE, ECONNRESET). If the plan is FORGET now, part
   of the program's request may be out, and nothing may follow it. */
void a407_engine_send_failed(struct a407_engine *e);

/* The outcome of WANT_RECONNECT. */
void a407_engine_reconnected(struct a407_engine *e, bool ok);

/* What has gone on credit. */
void a407_engine_spent(struct a407_engine *e, uint64_t written, uint64_t read);

/* ---- what is asked of the outside ---- */

enum a407_ask_kind {
    A407_ASK_SECRET, /* read the credential from its file or command */
    A407_ASK_TOKEN,  /* a GSSAPI token for the proxy's service, in answer to
                        `token` (p NULL: the first leg) */
    A407_ASK_VERIFY, /* does `token`, of an accepted answer, prove who the
                        proxy is? */
    A407_ASK_MARK    /* has that proxy refused the credential lately, to any
                        process of this user, which may be trying it right now?
                        ok: it has */
};

struct a407_ask {
    enum a407_ask_kind kind;
    unsigned cred_index;                      /* of the proxy's credentials */
    struct a407_credential *cred;             /* a copy; a407_ask_clear frees */
    const struct a407_credential *configured; /* ... of this one, unless it was
                                                 read from outside */
    bool again;    /* SECRET: what was read before is of no use any more */
    bool alone;    /* MARK: nobody else's trial is waited for */
    bool replaces; /* MARK: it took the place of one that has worked here, and
                      was refused just now: a mark from before that says
                      nothing */
    const struct a407_endpoint *proxy;
    struct a407_buf token; /* a copy too */
};

/* What came of it. */
struct a407_told {
    bool ok;
    enum a407_cause cause; /* if not; one of a407_cause_refuses: the KDC refused
                              the password */
    char detail[160];      /* ... in words, without secrets */
    bool late;             /* ... and the time for it is over */
    bool known; /* MARK: another process remembers this very secret as right;
                   SECRET: ... has asked for it */
    bool trial; /* MARK: this process tries it, and others wait; false once an
                   engine sees to that it ends (a407_engine_verdict) */
    struct a407_buf token;          /* TOKEN: for the proxy */
    char user[128];                 /* ... and whose ticket it is from, or "" */
    struct a407_credential *secret; /* SECRET: the new one. NULL: another
                                       connection to this proxy was told */
};

/* WANT_ASK: fills out, which the caller clears. False: no memory; tell that it
   failed. */
bool a407_engine_ask(const struct a407_engine *e, struct a407_ask *out);
void a407_ask_clear(struct a407_ask *ask);

/* It failed: why, and in words without secrets. Returns false. */
bool a407_told_fail(struct a407_told *told, enum a407_cause cause,
                    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Wipes and frees what told owns; `trial` stays. */
void a407_told_clear(struct a407_told *told);

/* Takes over what told owns, and leaves it empty, but for a trial of a secret
   that is not asked about any more. */
void a407_engine_told(struct a407_engine *e, struct a407_told *told);

/* The 407 that was taken off the queue, for WANT_GIVE_BACK. */
struct a407_span a407_engine_kept(const struct a407_engine *e);

/* Bytes have gone or come unseen, or nobody can act for it any more: it passes
   through for ever. What was held back goes out first, as it is (WANT_SEND). */
void a407_engine_forget(struct a407_engine *e);

/* The program closes the connection, or replaces it. Ends the record. */
void a407_engine_closed(struct a407_engine *e);

/* plan.rest: bytes of the queue, from its front. */
void a407_engine_rest(struct a407_engine *e, const char *p, size_t n);

/* After a407_engine_delivered: what a watched 407 says may lie in the queue. */
bool a407_engine_listens(const struct a407_engine *e);
/* ... its bytes, from its front. */
void a407_engine_words(struct a407_engine *e, const char *p, size_t n);

/* ---- the record ---- */

/* Takes out the oldest finished record, or NULL. The caller fills in `process`,
   logs it and frees it with free(). One call may finish several (pipelined
   answers in one read): ask until it is NULL. */
struct a407_event *a407_engine_event(struct a407_engine *e);

/* The proxy has accepted or refused a credential: for the marks that the user's
   other processes look at, and wait for (A407_ASK_MARK). */
struct a407_verdict {
    struct a407_credential *cred; /* a copy, with its secret */
    const struct a407_credential *configured;
    bool tried;  /* other processes may wait for it */
    bool judged; /* else the exchange that was to tell is over without */
    bool accepted;
};

/* Takes out the oldest one, as with records; the caller frees out->cred with
   a407_credentials_free. False: there is none. */
bool a407_engine_verdict(struct a407_engine *e, struct a407_verdict *out);

/* In a fork's child: records and verdicts are the parent's. */
void a407_engine_forked(struct a407_engine *e);

/* How often something that can't happen happened; 0 in every test. */
unsigned a407_engine_anomalies(const struct a407_engine *e);

/* The name of the state, for messages and tests. */
const char *a407_engine_state_name(const struct a407_engine *e);

#endif
