/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/base/text.h"
#include "internal.h"

/* What to do about a 407: the only file that decides. */

static const char too_large[] = "the body is larger than the replay limit";
static const char behind[] =
    "the 407 may be an origin's: it was not the first on its connection";
static const char closes[] =
    "the proxy closes the connection in the middle of the handshake";
static const char endless[] =
    "the proxy begins the handshake again and again, before it has seen a "
    "login";

static bool can_repeat(struct a407_engine *e, const char **detail)
{
    if (e->overflow) {
        *detail = too_large;
    } else if (e->exchange.retries >= A407_EVENT_ATTEMPTS ||
               (e->ev && e->ev->n_attempts >= A407_EVENT_ATTEMPTS)) {
        /* after a fork the record is the parent's */
        *detail = "too many attempts";
    } else {
        return true;
    }
    e->exchange.cause = A407_CAUSE_NOT_REPLAYABLE;
    return false;
}

/* No refusal, but it leads nowhere. */
static enum a407_try leads_nowhere(struct a407_engine *e, enum a407_cause why,
                                   const char *detail)
{
    struct a407_exchange *exchange = &e->exchange;
    exchange->cause = why;
    a407_exchange_tried(exchange);
    if (detail)
        a407_event_note(e, why, detail);
    return A407_TRY_NONE;
}

/* A nonce has expired, or the server has forgotten it. */
static enum a407_try on_stale(struct a407_engine *e,
                              const struct a407_challenge *ch)
{
    struct a407_exchange *exchange = &e->exchange;
    bool shared = !exchange->state;
    enum a407_cause why = A407_CAUSE_STALE;
    if (exchange->cause == A407_CAUSE_NONE)
        exchange->cause = A407_CAUSE_STALE;
    if (exchange->stale++ < A407_STALE_MAX &&
        a407_try_with(e, exchange->scheme, ch, exchange->cred_index, &why) ==
            A407_TRY_READY) {
        exchange->again = true;
        return A407_TRY_READY;
    }
    if (shared)
        a407_proxy_forget(e->proxy);
    return leads_nowhere(e, why, NULL);
}

/* The handshake from its start; `detail` says why there is none. */
static enum a407_try anew(struct a407_engine *e, const char *detail)
{
    enum a407_cause why;
    enum a407_try t = a407_try_anew(e, &why);
    return t == A407_TRY_NONE ? leads_nowhere(e, why, detail) : t;
}

/* ... since the proxy takes no first message: it can't reach what it needs for
   its own, most likely. So may we: a KDC is often the same machine. */
static enum a407_try begun_again(struct a407_engine *e)
{
    char detail[sizeof e->ev->detail];
    enum a407_cause why;
    enum a407_try t = a407_try_anew(e, &why);
    if (t != A407_TRY_NONE)
        return t;
    a407_put(detail, sizeof detail, a407_span_str(endless));
    for (size_t i = 0; e->ev && i < e->ev->n_attempts; i++)
        if (e->ev->attempts[i].cause == A407_CAUSE_NO_TICKET)
            snprintf(detail, sizeof detail, "%.70s; %.85s",
                     e->ev->attempts[i].detail, endless);
    return leads_nowhere(e, A407_CAUSE_BACKEND_DOWN, detail);
}

static enum a407_try step(struct a407_engine *e)
{
    enum a407_cause why;
    enum a407_try t = a407_try_step(e, &why);
    return t == A407_TRY_NONE ? leads_nowhere(e, why, NULL) : t;
}

/* The next leg of a handshake, which is bound to this connection. */
static enum a407_try next_leg(struct a407_engine *e,
                              const struct a407_challenge *ch, bool kept)
{
    struct a407_exchange *exchange = &e->exchange;
    if (!kept)
        return anew(e, closes);
    if (!exchange->scheme->init(exchange->state, ch))
        return leads_nowhere(e, A407_CAUSE_PROTOCOL,
                             "the proxy's message can't be read");
    exchange->fresh = true;
    exchange->belongs = A407_BELONGS_HERE;
    return step(e);
}

/* The answer to a header whose state another connection has dropped (Digest,
   Basic), or whose first message seemed to be enough (NTLM). */
static enum a407_try without_state(struct a407_engine *e,
                                   const struct a407_challenge *ch)
{
    struct a407_exchange *exchange = &e->exchange;
    const struct a407_scheme *s = exchange->scheme;
    int64_t refused =
        e->proxy->standing[exchange->cred_index].refused_until[s->id];
    if (s->per_connection) {
        e->authenticated = false;
        return exchange->swallowed
                   ? begun_again(e)
                   : leads_nowhere(e, A407_CAUSE_PROTOCOL,
                                   "the proxy took the first message of the "
                                   "handshake for one request only");
    }
    /* which nonce it was made with, nobody knows any more */
    if (s->expires && refused <= a407_engine_running_s(e))
        return on_stale(e, ch);
    a407_answer_refused(e);
    return A407_TRY_NONE;
}

/* Judges the answer that was in flight. */
static enum a407_try renew(struct a407_engine *e,
                           const struct a407_challenges *offered, bool kept)
{
    struct a407_exchange *exchange = &e->exchange;
    struct a407_proxy *p = e->proxy;
    const struct a407_scheme *s = exchange->scheme;
    const struct a407_challenge *ch =
        a407_renewed(e, offered, s, exchange->cred_index);
    /* Another connection may have dropped what worked meanwhile. */
    const void *state = exchange->state  ? exchange->state
                        : p->scheme == s ? p->state
                                         : NULL;
    enum a407_try t = A407_TRY_NONE;
    exchange->course = A407_COURSE_PROGRAMS;
    if (!ch) {
        /* an origin's 407, or a proxy that offers something else by now */
        exchange->unnamed[exchange->cred_index] |= A407_SCHEME_BIT(s->id);
        if (s->per_connection)
            leads_nowhere(e, A407_CAUSE_PROTOCOL,
                          "the proxy does not go on with the handshake");
    } else if (!state) {
        t = without_state(e, ch);
    } else {
        switch (a407_scheme_reply(s, state, ch, exchange->fresh)) {
        case A407_REPLY_STALE:
            t = on_stale(e, ch);
            break;
        case A407_REPLY_CONTINUE:
            t = next_leg(e, ch, kept);
            break;
        case A407_REPLY_RESTART:
            t = begun_again(e);
            break;
        case A407_REPLY_REJECTED:
            a407_answer_refused(e);
        }
    }
    if (t == A407_TRY_NONE)
        a407_exchange_drop_state(exchange);
    return t;
}

/* The program is going to read the 407: the record is complete. */
static void give_up(struct a407_engine *e, enum a407_cause cause,
                    const char *detail)
{
    a407_event_note(e, cause, detail);
    if (e->ev)
        a407_event_finish(
            e, e->ev->n_attempts ? A407_UNRESOLVED : A407_NOT_RETRIED, 407);
    e->exchange.course = A407_COURSE_DECIDED;
}

void a407_engine_unreadable_407(struct a407_engine *e, struct a407_span head,
                                const char *detail)
{
    a407_event_begin(e, NULL, head);
    give_up(e, A407_CAUSE_PROTOCOL, detail);
}

enum a407_try a407_pick_from_first(struct a407_engine *e)
{
    struct a407_challenges *offered = a407_challenges_new();
    size_t from = 0,
           head = a407_head_end(e->saved_407.p, e->saved_407.n, &from);
    enum a407_try t = A407_TRY_NONE;
    if (offered && head) {
        a407_challenges_parse(e->saved_407.p, head, "Proxy-Authenticate",
                              offered);
        t = a407_try_pick(e, offered);
    }
    a407_challenges_free(offered);
    e->exchange.belongs =
        t == A407_TRY_NONE ? A407_BELONGS_ANYWHERE : A407_BELONGS_ELSEWHERE;
    return t;
}

/* A handshake ends with its connection: it begins anew, or another scheme. */
static enum a407_try on_another(struct a407_engine *e)
{
    enum a407_try t = anew(e, closes);
    return t == A407_TRY_NONE ? a407_pick_from_first(e) : t;
}

/* The header at hand is the answer to the challenge at the front. */
static void answer_is_ours(struct a407_engine *e)
{
    e->in_flight[0].ours = e->exchange.scheme;
    e->in_flight[0].cred_index = e->exchange.cred_index;
    e->in_flight[0].edition = e->exchange.edition;
}

void a407_engine_drain(struct a407_engine *e, size_t head,
                       const struct a407_response *r)
{
    struct a407_exchange *exchange = &e->exchange;
    bool body_out = !exchange->standin && (e->writing != A407_W_START ||
                                           e->body_n > A407_KEPT_BODY_MAX);
    /* What the program gets if all fails is the first 407. What came to a leg
       and is none was never an answer to its request. */
    if (r->status != 407)
        e->whose = A407_WHOSE_ANSWERED;
    exchange->keep_first =
        r->status != 407 ||
        (e->saved_407.n &&
         (exchange->belongs != A407_BELONGS_ANYWHERE || exchange->restarts));
    if (!exchange->keep_first)
        a407_buf_clear(&e->saved_407);
    e->drained = 0;
    e->drain_head = head;
    a407_body_init(&e->drain_body, r->body, r->length);
    bool fresh = !r->keep_alive || !e->sent_keep || body_out ||
                 exchange->belongs == A407_BELONGS_ELSEWHERE ||
                 e->proxy->no_reuse;
    if (exchange->then != A407_THEN_DELIVER_SAVED)
        exchange->then = fresh && exchange->belongs != A407_BELONGS_HERE
                             ? A407_THEN_REPEAT_FRESH
                             : A407_THEN_REPEAT;
    exchange->belongs = A407_BELONGS_ANYWHERE;
    exchange->judged = false;
    a407_engine_move(e, A407_ST_DRAIN);
}

/* The challenge to the client's own scheme, or NULL. */
static const struct a407_challenge *
to_client(const struct a407_engine *e, const struct a407_challenges *offered)
{
    for (size_t i = 0; e->ev && e->ev->client_sent && i < offered->n; i++)
        if (a407_span_ieq(offered->item[i].scheme, e->ev->client_scheme))
            return &offered->item[i];
    return NULL;
}

/* A credential of ours that the client has just had refused is not sent again.
   Of Digest only the user can be compared: the same one counts as tried. */
static void exclude_clients_own(struct a407_engine *e,
                                const struct a407_challenges *offered)
{
    struct a407_request rq;
    struct a407_challenges *list = a407_challenges_new();
    if (list && a407_request_recorded(e, &rq))
        a407_challenges_add(rq.proxy_authorization, list);
    bool basic =
        list && list->n && a407_span_ieq(list->item[0].scheme, "Basic");
    /* A scheme that the proxy does not offer says nothing of the secret: curl
       sends Basic, unasked, to a proxy that wants Digest. */
    a407_scheme_set tried = to_client(e, offered)
                                ? A407_ALL_SCHEMES
                                : A407_SCHEME_BIT(a407_scheme_from_name(
                                      a407_span_str(e->ev->client_scheme)));
    for (unsigned i = 0; i < e->proxy->n_creds; i++) {
        const struct a407_credential *c = e->proxy->creds[i];
        a407_secret_is_another(e, i);
        if (basic ? a407_basic_is(list->item[0].token68, c)
                  : c->username && strcmp(c->username, e->ev->client_user) == 0)
            e->exchange.tried[i] = tried;
    }
    a407_challenges_free(list);
}

bool a407_client_goes_on(const struct a407_engine *e,
                         const struct a407_challenges *offered)
{
    const struct a407_challenge *c = to_client(e, offered);
    return c && c->token68.p;
}

/* Does the client take care of this 407 itself, or hold our very credential? */
static bool left_to_client(struct a407_engine *e,
                           const struct a407_challenges *offered)
{
    const struct a407_challenge *c = to_client(e, offered);
    if (!e->ev->client_sent)
        return false;
    if (c && c->token68.p) {
        a407_event_drop(e);
        give_up(e, A407_CAUSE_NONE, NULL);
        return true;
    }
    if (c && a407_param_is(c, "stale", "true")) {
        give_up(e, A407_CAUSE_STALE, "the client goes on by itself");
        return true;
    }
    e->exchange.cause = e->ev->cause; /* refused, or of no use to this proxy */
    exclude_clients_own(e, offered);
    return false;
}

/* Our header met a 407. One that went unasked is on record only now. */
static void ours_met_407(struct a407_engine *e, bool first)
{
    if (first)
        a407_event_attempt(e, e->exchange.scheme, e->exchange.cred_index,
                           false);
    a407_event_attempt_status(e, 407);
}

/* The first look at a 407: what does it say of the answer that was in flight?
   False: the program has it. */
static bool judge(struct a407_engine *e, const struct a407_challenges *offered,
                  struct a407_span head, bool kept, enum a407_try *t)
{
    struct a407_exchange *exchange = &e->exchange;
    if (exchange->course == A407_COURSE_ANEW)
        a407_event_drop(e); /* that was about somebody else's 407 */
    bool first = !e->ev;
    *t = A407_TRY_NONE;
    exchange->judged = true;
    exchange->again = false;
    if (first && !a407_event_begin(e, offered, head)) {
        give_up(e, A407_CAUSE_PROTOCOL, NULL); /* out of memory */
        return false;
    }
    if (!first)
        a407_event_words(e, head, e->shown);
    if (exchange->course == A407_COURSE_OURS) {
        ours_met_407(e, first);
        *t = renew(e, offered, kept);
        return true;
    }
    if (e->authenticated && e->proxy->scheme && e->proxy->scheme->unasked)
        e->proxy->each_request = true;
    e->authenticated = false;
    return !left_to_client(e, offered);
}

/* Why the 407 came that is going to be answered. A client that has not read it
   has dropped nothing: many send a login only when they are asked. */
static enum a407_cause cause_of_first(const struct a407_engine *e)
{
    const struct a407_exchange *exchange = &e->exchange;
    if (exchange->cause != A407_CAUSE_NONE)
        return exchange->cause;
    if (exchange->sent_before != A407_SENT_NEVER && !e->history->answers)
        return A407_CAUSE_DROPPED;
    if (!exchange->unheeded)
        return A407_CAUSE_NOT_SENT_FIRST;
    return e->proxy->url_has_userinfo ? A407_CAUSE_DROPPED
                                      : A407_CAUSE_NOT_SENT;
}

/* Judges and plans: true if the request is going to be repeated. */
static bool answer(struct a407_engine *e, const struct a407_challenges *offered,
                   struct a407_span head, bool kept)
{
    struct a407_exchange *exchange = &e->exchange;
    const char *detail = NULL;
    enum a407_try t = A407_TRY_NONE;
    if (!exchange->judged) {
        if (!judge(e, offered, head, kept, &t))
            return false;
    } else if (exchange->pending) {
        t = step(e);
    }
    if (t == A407_TRY_NONE)
        exchange->belongs = A407_BELONGS_ANYWHERE;
    if (t == A407_TRY_NONE && a407_ask_for_secret(e))
        t = A407_TRY_ASK;
    if (t == A407_TRY_NONE)
        t = a407_try_pick(e, offered);
    if (t == A407_TRY_NONE && exchange->scheme &&
        exchange->scheme->per_connection)
        t = a407_pick_from_first(e);
    if (t == A407_TRY_ASK) {
        a407_ask_begin(e, A407_AFTER_LOOK);
        return false;
    }
    if (t == A407_TRY_NONE || !can_repeat(e, &detail)) {
        give_up(e, exchange->cause, detail);
        /* The body that the program still writes has no place behind a leg: it
           gets the first 407 back, or, if there is none, this one. */
        if (!exchange->standin || e->writing != A407_W_BODY)
            return false;
        exchange->then = A407_THEN_DELIVER_SAVED;
        if (e->saved_407.n)
            a407_engine_move(e, A407_ST_DELIVER_SAVED);
        return !e->saved_407.n;
    }
    a407_event_note(e, cause_of_first(e), NULL);
    exchange->retries++;
    a407_event_attempt(e, exchange->scheme, exchange->cred_index,
                       exchange->again);
    answer_is_ours(e);
    return true;
}

/* Does the proxy keep its connections? Its own 407 tells; one to a request with
   our header may be an origin's, if that was let in. */
static void learn_keeps(struct a407_engine *e,
                        const struct a407_challenges *offered,
                        const struct a407_response *r)
{
    if (e->whose != A407_WHOSE_PROXYS || e->in_flight[0].ours || !offered->n)
        return;
    e->proxy->keeps = r->minor || r->keep_alive;
}

/* A 407 that may be an origin's. Behind an answer the request is made once
   more, as it was, on a fresh connection: a proxy that wants a login says so
   there. Any other is the program's, and no refusal. False: it is to be
   answered. */
static bool doubtful(struct a407_engine *e,
                     const struct a407_challenges *offered,
                     struct a407_span head, const struct a407_response *r)
{
    struct a407_exchange *exchange = &e->exchange;
    bool first = !e->ev, ours = exchange->course == A407_COURSE_OURS;
    bool again = !ours && e->whose == A407_WHOSE_ANSWERED;
    if (a407_engine_is_proxys(e) || exchange->standin || (again && e->overflow))
        return false;
    a407_event_begin(e, offered, head);
    a407_event_note(e, A407_CAUSE_PROTOCOL, behind);
    if (again) {
        exchange->course = A407_COURSE_ANEW;
        exchange->retries++;
        a407_engine_drain(e, head.n, r);
        return true;
    }
    ours_met_407(e, ours && first);
    a407_exchange_drop_state(exchange);
    give_up(e, A407_CAUSE_PROTOCOL, behind);
    return true;
}

void a407_engine_on_407(struct a407_engine *e, const char *p, size_t n)
{
    struct a407_response r;
    struct a407_span head = {p, n};
    struct a407_challenges *offered = a407_challenges_new();
    if (!offered || !a407_answer_parse(e, p, n, &r)) {
        a407_engine_unreadable_407(e, head,
                                   "the head of the 407 can't be read");
    } else {
        a407_challenges_parse(p, n, "Proxy-Authenticate", offered);
        learn_keeps(e, offered, &r);
        r.keep_alive = r.keep_alive && a407_engine_is_proxys(e);
        if (!doubtful(e, offered, head, &r) &&
            answer(e, offered, head, r.keep_alive))
            a407_engine_drain(e, n, &r);
    }
    a407_challenges_free(offered);
}

/* ---- repeating ---- */

/* The body may have come behind the head: it is all there now. */
static void see_words(struct a407_engine *e)
{
    struct a407_span saved = a407_span(e->saved_407.p, e->saved_407.n);
    size_t from = 0, head = a407_head_end(saved.p, saved.n, &from);
    if (e->ev && !e->ev->message[0])
        a407_event_words(e, a407_span(saved.p, head),
                         a407_span_skip(saved, head));
}

void a407_engine_repeat(struct a407_engine *e)
{
    see_words(e);
    if (e->exchange.then == A407_THEN_DELIVER_SAVED) {
        a407_engine_move(e, A407_ST_DELIVER_SAVED);
        return;
    }
    /* What the program wrote while the 407 was taken may be in the way. */
    if (e->overflow || e->pipelined) {
        a407_event_attempt_undo(e);
        give_up(e, A407_CAUSE_NOT_REPLAYABLE,
                e->overflow ? too_large : "pipelined requests");
        a407_event_cut(e, NULL);
        a407_engine_move(e, A407_ST_DELIVER_SAVED);
        return;
    }
    e->exchange.on_kept = false;
    if (e->exchange.then == A407_THEN_REPEAT_FRESH ||
        !a407_request_rewrite(e)) {
        a407_engine_move(e, A407_ST_RECONNECT);
        return;
    }
    e->exchange.on_kept = true;
    e->exchange.sent_us = e->mono_us;
    a407_engine_move(e, A407_ST_WAIT);
}

/* It ended before the 407 was taken off whole, or was too long to wait for. */
void a407_engine_cut_short(struct a407_engine *e)
{
    struct a407_exchange *exchange = &e->exchange;
    enum a407_try t = A407_TRY_READY;
    bool bound = exchange->scheme && exchange->scheme->per_connection;
    if (exchange->then == A407_THEN_DELIVER_SAVED) {
        a407_engine_move(e, A407_ST_DELIVER_SAVED);
        return;
    }
    /* A later leg, or a login that was made, is bound to its connection. */
    if (bound && (exchange->legs > 1 || !exchange->state)) {
        if (exchange->state)
            a407_event_attempt_undo(e);
        t = on_another(e);
        answer_is_ours(e);
        if (t == A407_TRY_READY)
            a407_event_attempt_anew(e);
    }
    exchange->then = A407_THEN_REPEAT_FRESH;
    if (t == A407_TRY_READY) {
        a407_engine_repeat(e);
    } else if (t == A407_TRY_ASK) {
        a407_ask_begin(e, A407_AFTER_AGAIN);
    } else {
        a407_engine_deliver_saved_407(e, closes);
    }
}

void a407_engine_elsewhere(struct a407_engine *e, enum a407_try t)
{
    answer_is_ours(e);
    if (t == A407_TRY_ASK) {
        a407_ask_begin(e, A407_AFTER_AGAIN);
        return;
    }
    a407_event_attempt_anew(e);
    a407_engine_move(e, A407_ST_RECONNECT);
}

bool a407_engine_again(struct a407_engine *e)
{
    struct a407_exchange *exchange = &e->exchange;
    enum a407_cause why;
    enum a407_try t;
    if (!exchange->state || e->overflow || !a407_engine_active(e))
        return false;
    t = exchange->scheme->per_connection ? on_another(e)
                                         : a407_try_step(e, &why);
    if (t == A407_TRY_NONE)
        return false;
    a407_buf_free(&e->output);
    exchange->on_kept = false;
    a407_engine_elsewhere(e, t);
    return true;
}
