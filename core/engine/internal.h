/* SPDX-License-Identifier: MIT */
#ifndef A407_ENGINE_INT_H
#define A407_ENGINE_INT_H

/* Private to core/engine. */

#include "core/http/challenge.h"
#include "core/http/http.h"
#include "core/record/client_auth.h"
#include "engine.h"

enum a407_state {
#define A407_STATE(name, to) A407_ST_##name,
#include "states.def"
#undef A407_STATE
    A407_ST_COUNT
};

enum a407_writing {
    A407_W_START, /* at the first byte of a request */
    A407_W_HEAD,
    A407_W_HELD_HEAD, /* ... that does not go out before it is complete */
    A407_W_BODY,
    A407_W_OPAQUE /* not looked at: behind a CONNECT without an answer */
};

/* What must be remembered of a request until its answer is over. */
struct a407_in_flight {
    bool is_head, is_connect;
    const struct a407_scheme *ours; /* of our header in it, or NULL */
    unsigned cred_index, edition;
};

/* Why 64: more requests in flight than any pipelining client sends. */
#define A407_IN_FLIGHT_MAX 64

/* The most of a 407 that is kept for giving it back. Behind a larger one the
   repeat goes to a fresh connection at once. */
#define A407_KEEP_MAX (1024u * 1024u + A407_HEAD_MAX)

/* A larger body is never repeated on a kept connection: squid says keep-alive
   after its 407 and stops reading. */
#define A407_KEPT_BODY_MAX 65536u

enum a407_try {
    A407_TRY_NONE,  /* there is no header to be had */
    A407_TRY_READY, /* e->auth holds it */
    A407_TRY_ASK    /* something must come from outside first: e->ask */
};

/* What goes on once that has come. */
enum a407_after {
    A407_AFTER_LOOK, /* another look at the answer in the queue */
    A407_AFTER_HELD, /* the head that is held back goes out */
    A407_AFTER_AGAIN /* the repeat goes to a fresh connection */
};

/* Each credential of a proxy, refused and replaced by what its source has. */
#define A407_VERDICTS_MAX (2 * A407_CREDENTIALS_MAX)

/* Stale nonces in one exchange before it counts as endless. */
#define A407_STALE_MAX 1

/* How the request at the front goes on. */
enum a407_course {
    A407_COURSE_PROGRAMS, /* as the program wrote it */
    A407_COURSE_OURS,     /* with a header of ours, that is not judged yet */
    A407_COURSE_ANEW,     /* repeated as it was: whose was that 407? */
    A407_COURSE_DECIDED   /* its 407 is the program's, the record says why */
};

/* The connection that the header at hand may go to. */
enum a407_belongs {
    A407_BELONGS_ANYWHERE,
    A407_BELONGS_HERE,
    A407_BELONGS_ELSEWHERE /* to any but this one */
};

/* What becomes of the answer that is being taken off. */
enum a407_then {
    A407_THEN_REPEAT,       /* the request goes out again */
    A407_THEN_REPEAT_FRESH, /* ... on a fresh connection */
    A407_THEN_DELIVER_SAVED /* the program reads what was taken */
};

/* Whose words come next on a connection. */
enum a407_whose {
    A407_WHOSE_PROXYS,
    A407_WHOSE_INTERIM, /* perhaps an origin's: a 1xx came unasked */
    A407_WHOSE_ANSWERED /* ... an answer was handed on */
};

/* The 1xx at the front. */
enum a407_interim {
    A407_INTERIM_UNREAD,
    A407_INTERIM_READ, /* some of it, by the program */
    A407_INTERIM_OURS  /* with those behind it: not for the program */
};

/* The head of the answer that the program reads. */
enum a407_head {
    A407_HEAD_UNSEEN,
    A407_HEAD_SEEN, /* whole, in the queue: what it means is settled */
    A407_HEAD_READ
};

/* The exchange at the front: how its 407s are being answered. */
struct a407_exchange {
    enum a407_course course;
    enum a407_belongs belongs;
    enum a407_then then;
    bool fresh;   /* the header was made from a challenge of this exchange */
    bool on_kept; /* the repeat went out on the connection of the 407 */
    bool reconnected;
    const struct a407_scheme *scheme; /* of the answer in flight */
    unsigned cred_index;
    char principal[128]; /* whose the Kerberos ticket is, as far as is known */
    unsigned edition, ends; /* its standing's, when the header was made */
    void *state;            /* owned; NULL when proxy->state was used */
    a407_scheme_set tried[A407_CREDENTIALS_MAX];
    /* which secret `tried`, `looked_up` and `marked` are about */
    unsigned of[A407_CREDENTIALS_MAX];
    a407_scheme_set unnamed[A407_CREDENTIALS_MAX]; /* sent; the 407 to it did
                                                      not name the scheme */
    /* a bit per credential: read from outside for this exchange; its mark of a
       refusal was asked for, and is there */
    unsigned asked, looked_up, marked;
    unsigned trying;     /* ... other processes may wait for what comes of it */
    const char *carrier; /* the scheme's name on the wire */
    bool pending;        /* the state waits for a token from outside */
    bool judged;         /* the 407 in the queue was looked at before */
    bool again;          /* same credential, new nonce */
    bool leg;            /* the header at hand is not the last */
    bool standin;        /* in flight is a leg, without the request's body */
    bool keep_first;     /* the 407 that is kept is an earlier one */
    bool swallowed;      /* an error, to a leg: it may have let nobody in */
    bool proved;         /* the answer was searched for a proof */
    enum a407_mutual mutual;
    unsigned legs, restarts;
    unsigned proofs;         /* last legs that were sent: each is a login */
    enum a407_cause outside; /* why nothing came from there */
    unsigned stale, retries;
    int64_t sent_us;       /* monotonic: when the request in flight was sent */
    int64_t silent_us;     /* how long the kept connection was silent, if that
                              is why there is another one; or 0 */
    enum a407_cause cause; /* why the first 407 came, as far as is known */
    enum a407_sent_before sent_before;
    unsigned resends; /* the program repeats with a header what met a 407 */
    bool unheeded;    /* ... without one: it read that 407 and did not answer */
};

/* What always holds of it between two calls: check() in plan.c. */
struct a407_engine {
    struct a407_proxy *proxy;
    struct a407_history *history;
    char peer[64];
    uint16_t local_port; /* 0: not known */
    enum a407_state state;
    unsigned anomalies;
    int64_t wall_us, mono_us;
    int64_t since_us; /* monotonic: when the plan's wait began; 0: no limit */
    bool passive;     /* only watch: mode observe, or not configured */
    bool client_sent; /* an earlier request had a header of the program's */

    /* writing */
    enum a407_writing writing;
    enum a407_whose whose;
    struct a407_buf request; /* the request as the program wrote it */
    size_t head_n;    /* bytes of it that are its head; 0: not complete */
    size_t head_from; /* a407_head_end's */
    bool overflow;    /* the body did not fit: no replay */
    struct a407_body write_body;
    uint64_t body_n;    /* bytes of body written so far, with framing */
    bool rq_keep_alive; /* what the program's request says */
    bool sent_keep;     /* ... and what is in flight */
    bool authenticated; /* this connection, by a scheme that is bound to it */
    struct a407_buf output; /* to be sent before anything else */
    bool output_is_own;     /* ... as the program wrote it, all of it */

    /* requests whose answers are not over; in_flight[0] is the front */
    struct a407_in_flight in_flight[A407_IN_FLIGHT_MAX];
    size_t n_in_flight;
    size_t awaiting; /* ... of which the answer's head was not seen */
    bool pipelined;  /* more than one was awaiting: no replay until idle */

    /* reading */
    size_t need; /* WANT_PEEK: bytes that would tell more */
    enum a407_interim interim;
    size_t interim_left;      /* INTERIM: bytes of the 1xx to go */
    struct a407_buf response; /* head of the answer that the program reads */
    size_t response_from;
    enum a407_head head;
    struct a407_body read_body;

    /* of one call: what the queue shows behind a head */
    struct a407_span shown;

    /* a 407 being taken */
    struct a407_buf saved_407;
    size_t drain_head; /* bytes of its head to go */
    struct a407_body drain_body;
    size_t drained;        /* bytes of it taken so far */
    struct a407_buf auth;  /* value of our Proxy-Authorization */
    struct a407_buf token; /* made outside, for the next header */

    /* ASK */
    enum a407_ask_kind ask;
    enum a407_after after;
    unsigned ask_cred;

    struct a407_exchange exchange;
    struct a407_event *ev; /* being filled */
    bool listening; /* ... all is known but what the body of its 407 says */
    /* not fetched yet: one read may hold several answers */
    struct a407_event *done[A407_IN_FLIGHT_MAX];
    struct a407_verdict verdicts[A407_VERDICTS_MAX];
    size_t n_done, n_verdicts;
};

/* The files, lowest first: each calls those above it here, and none below. */

/* plan.c: questions */
/* The recorded request once more; its spans hold until that changes. */
bool a407_request_recorded(const struct a407_engine *e,
                           struct a407_request *rq);
/* The head of an answer to the request at the front. False: it is none. */
bool a407_answer_parse(const struct a407_engine *e, const char *p, size_t n,
                       struct a407_response *r);
bool a407_engine_in_head(const struct a407_engine *e);
/* May it change anything, or does it only watch? */
bool a407_engine_active(const struct a407_engine *e);
/* Is the other end surely the proxy? An origin may have the connection. */
bool a407_engine_is_proxys(const struct a407_engine *e);
/* Is a CONNECT the last request out? A tunnel may begin behind it. */
bool a407_engine_behind_connect(const struct a407_engine *e);
/* The plan's leg, repeated, rest and behind. */
bool a407_engine_in_handshake(const struct a407_engine *e);
bool a407_engine_retrying(const struct a407_engine *e);
bool a407_engine_wants_rest(const struct a407_engine *e);
bool a407_engine_wants_behind(const struct a407_engine *e);
bool a407_engine_keeps_no_body(const struct a407_engine *e);
/* Monotonic, seconds. */
int64_t a407_engine_running_s(const struct a407_engine *e);

/* verdict.c */
/* Marks are of secrets: a ticket and a key in a file have none. */
bool a407_may_be_marked(const struct a407_credential *c);
/* The proxy has judged it. */
void a407_verdict_note(struct a407_engine *e, unsigned cred_index,
                       bool accepted);
/* The exchange is over: nobody need wait for what it would have told. */
void a407_trials_end(struct a407_engine *e);

/* facts.c */
/* The cause before anything is tried; `offered` NULL: not known. */
enum a407_cause a407_cause_of(const struct a407_proxy *p,
                              const struct a407_event *ev,
                              const struct a407_challenges *offered);
/* By the Date of the answer: too far apart for Kerberos? */
bool a407_clocks_differ(const struct a407_event *ev);
/* Where a credential of this proxy stands; of variables with the same login
   that which clients look at for such a request. NULL: it has no place. */
const char *a407_facts_label(const struct a407_proxy *p,
                             const struct a407_credential *k,
                             const struct a407_event *ev);
/* Fills in the detail for ev->cause, where the record does not say all. */
void a407_facts(const struct a407_proxy *p, struct a407_event *ev);
/* Puts in front of it what looks wrong in the credentials that were refused. */
void a407_facts_lint(const struct a407_proxy *p, struct a407_event *ev);
/* Takes the request's secrets, and ours, out of what the proxy said. */
void a407_event_hide_request(struct a407_event *ev, struct a407_span head,
                             struct a407_span target);
void a407_event_hide_ours(struct a407_event *ev, const struct a407_proxy *p);

/* note.c */
/* The request's head is whole: what its record must know of before. */
void a407_event_request(struct a407_engine *e, const struct a407_request *rq);
/* What that 407, whose body may follow its head in the queue, says for people.
 */
void a407_event_words(struct a407_engine *e, struct a407_span head,
                      struct a407_span body);
/* ... what is left of its body in the queue, */
void a407_event_page(struct a407_engine *e, struct a407_span body);
/* There will be no more of that. */
void a407_event_heard(struct a407_engine *e);
/* A record, unless the exchange has one; `head` is the 407's. */
bool a407_event_begin(struct a407_engine *e,
                      const struct a407_challenges *offered,
                      struct a407_span head);
/* The request without a 407, for the level "request". */
void a407_event_plain(struct a407_engine *e, int status);
/* A request with our header went out, or is about to. */
void a407_event_attempt(struct a407_engine *e, const struct a407_scheme *scheme,
                        unsigned cred_index, bool stale);
/* The header goes to another connection: an attempt if it begins anew. */
void a407_event_attempt_anew(struct a407_engine *e);
/* The last one is not made, unless it has been answered. */
void a407_event_attempt_undo(struct a407_engine *e);
void a407_event_attempt_status(struct a407_engine *e, int status);
/* The exchange's scheme was tried, and nothing could be sent. */
void a407_event_attempt_failed(struct a407_engine *e, enum a407_cause cause,
                               const char *detail);
void a407_event_note(struct a407_engine *e, enum a407_cause cause,
                     const char *detail);
void a407_event_finish(struct a407_engine *e, enum a407_outcome outcome,
                       int final_status);
/* Finishes it with what is known; `detail` is why, if that is not decided. */
void a407_event_cut(struct a407_engine *e, const char *detail);
void a407_event_drop(struct a407_engine *e);

/* state.c */
void a407_engine_move(struct a407_engine *e, enum a407_state to);
/* What is held back of a head is to go out as it is. Needs no memory. */
void a407_engine_unhold(struct a407_engine *e);
void a407_exchange_reset(struct a407_engine *e);
void a407_exchange_drop_state(struct a407_exchange *exchange);
/* What worked before is not sent any more. */
void a407_proxy_forget(struct a407_proxy *p);
/* The program gets the 407 that is kept, or the end; the record says why. */
void a407_engine_deliver_saved_407(struct a407_engine *e, const char *why);

/* credential.c */
/* Its scheme and credential are not tried once more. */
void a407_exchange_tried(struct a407_exchange *exchange);
/* The connection has ended behind the login in flight, before any answer. True:
   that counts as a refusal, in this process only. */
bool a407_login_ended(struct a407_engine *e);
/* The answer in flight was refused by a 407. */
void a407_answer_refused(struct a407_engine *e);
/* The best challenge of a scheme, as it is now for that credential. */
const struct a407_challenge *a407_renewed(const struct a407_engine *e,
                                          const struct a407_challenges *offered,
                                          const struct a407_scheme *s,
                                          unsigned cred_index);
/* The answer in flight was accepted: remember what worked. */
void a407_engine_accepted(struct a407_engine *e, int status, const char *head,
                          size_t n);
/* ... refused without a 407. */
void a407_engine_refused(struct a407_engine *e);
/* ... met a 401 that may be how tinyproxy refuses, which has said 407 before.
   True: the record says so, and nothing else comes of it. */
bool a407_engine_maybe_refused(struct a407_engine *e, const char *head,
                               size_t n);
/* The program reads this 407, since its request was pipelined: what that says
   about our header in it counts, and goes into the record. */
void a407_engine_passed_407(struct a407_engine *e,
                            const struct a407_challenges *offered);
/* Is the secret another one by now, which any connection may have found? Then
   what this exchange knew of the one before is forgotten. */
bool a407_secret_is_another(struct a407_engine *e, unsigned cred_index);
void a407_ask_begin(struct a407_engine *e, enum a407_after after);
/* Is there a credential whose secret should be read (again)? */
bool a407_ask_for_secret(struct a407_engine *e);
/* READY: this one may go unasked. What has not worked in this process needs its
   secret first, and a look whether it is marked as refused. */
enum a407_try a407_ask_unproved(struct a407_engine *e, unsigned cred_index);
/* Was it not looked up yet whether this one is marked as refused? */
bool a407_ask_for_mark(struct a407_engine *e, unsigned cred_index);
/* Does the accepted answer hold a token that proves who the proxy is? */
bool a407_ask_for_proof(struct a407_engine *e, const char *head, size_t n);
/* Notes what came of it. What goes on then is the caller's. */
void a407_ask_take(struct a407_engine *e, struct a407_told *t);

/* try.c */
/* The header for the recorded request, from the exchange's state, or from a new
   one (`ch` NULL: without a challenge). NONE: the state is gone, *why tells. */
enum a407_try a407_try_step(struct a407_engine *e, enum a407_cause *why);
enum a407_try a407_try_with(struct a407_engine *e,
                            const struct a407_scheme *scheme,
                            const struct a407_challenge *ch,
                            unsigned cred_index, enum a407_cause *why);
/* The same handshake from its start, a few times. */
enum a407_try a407_try_anew(struct a407_engine *e, enum a407_cause *why);
/* The best that was not tried yet; NONE: exchange.cause tells why. */
enum a407_try a407_try_pick(struct a407_engine *e,
                            const struct a407_challenges *offered);
/* The header for a request that has not been sent yet, from what worked. */
enum a407_try a407_engine_preempt(struct a407_engine *e);

/* request.c */
/* The head that was held back, into e->output: with our header, or as it is. */
void a407_engine_release(struct a407_engine *e, bool ours);
/* The repeat, with the body so far, into e->output. False: out of memory. */
bool a407_request_rewrite(struct a407_engine *e);

/* answer.c */
/* p..p+n is a 407's head in the queue: answer it or let the program have it. */
void a407_engine_on_407(struct a407_engine *e, const char *p, size_t n);
/* ... whose head can't be used: the program has it, the log says `detail`. */
void a407_engine_unreadable_407(struct a407_engine *e, struct a407_span head,
                                const char *detail);
/* An answer whose head is `head` bytes long is going to be taken off. */
void a407_engine_drain(struct a407_engine *e, size_t head,
                       const struct a407_response *r);
/* What else the first 407 offered: in the middle of a handshake the proxy names
   nothing but that. It needs another connection. */
enum a407_try a407_pick_from_first(struct a407_engine *e);
/* Another try of the same answer on a fresh connection. */
bool a407_engine_again(struct a407_engine *e);
/* Its header is at hand, or asked for. */
void a407_engine_elsewhere(struct a407_engine *e, enum a407_try t);
/* The repeat goes out: kept connection or fresh. */
void a407_engine_repeat(struct a407_engine *e);
/* ... after a 407 that could not be taken off whole. */
void a407_engine_cut_short(struct a407_engine *e);

/* Is this 407 one leg of a handshake that the client does itself? */
bool a407_client_goes_on(const struct a407_engine *e,
                         const struct a407_challenges *offered);

/* response.c */
/* There will be no answer to what is in flight; `why`, for the record. */
void a407_engine_no_answer(struct a407_engine *e, const char *why);
/* Before the end: a 407 whose head was read in part has its record. */
void a407_engine_partly_read(struct a407_engine *e);
/* Was the fresh connection silent for as long as the kept one? Then it was the
   origin. */
void a407_engine_compare(struct a407_engine *e);
/* The connection ended before the answer began. */
void a407_engine_ended_early(struct a407_engine *e);

#endif
