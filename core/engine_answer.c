/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "engine_int.h"

/* What to do about a 407: the only file that decides. */

/* Microseconds to seconds. */
static int64_t now_s(const struct a407_engine *e)
{
    return e->wall_us / 1000000;
}

static void drop_state(struct a407_exchange *x)
{
    if (x->state) {
        x->scheme->wipe(x->state);
        a407_wipe(x->state, x->scheme->state_size);
        free(x->state);
        x->state = NULL;
    }
}

/* ---- making the header ---- */

static void collect(void *ctx, const char *p, size_t n)
{
    a407_buf_add(ctx, p, n);
}

/*
 * The content of the recorded request, for auth-int, when it was written
 * whole. `store` holds it if the framing had to be taken off.
 */
static struct a407_span content(const struct a407_engine *e,
                                const struct a407_request *rq,
                                struct a407_buf *store)
{
    if (e->w != A407_W_START || e->overflow)
        return (struct a407_span){0};
    const char *body = e->rec.p + e->head_n;
    size_t n = e->rec.n - e->head_n;
    if (rq->body != A407_BODY_CHUNKED)
        return a407_span(body, n);
    struct a407_body b;
    a407_body_init(&b, A407_BODY_CHUNKED, 0);
    a407_body_feed_to(&b, body, n, collect, store);
    if (store->failed)
        return (struct a407_span){0};
    return a407_span(store->p ? store->p : "", store->n);
}

static enum a407_step make_header(struct a407_engine *e,
                                  const struct a407_scheme *scheme, void *state,
                                  unsigned cred_index, enum a407_cause *why)
{
    struct a407_request rq;
    *why = A407_CAUSE_PROTOCOL;
    if (!a407_request_recorded(e, &rq))
        return A407_STEP_FAIL;
    struct a407_buf store;
    a407_buf_init(&store, e->proxy->config->replay_max);
    struct a407_auth_request ar = {
        .method = rq.method,
        .target = rq.target,
        .body = content(e, &rq, &store),
        .random = e->proxy->host->random,
        .random_ctx = e->proxy->host->ctx,
        .now = now_s(e),
    };
    a407_buf_clear(&e->auth);
    enum a407_step step =
        scheme->step(state, e->proxy->creds[cred_index], &ar, &e->auth, why);
    a407_buf_free(&store);
    if (step == A407_STEP_NEED_BODY)
        *why = A407_CAUSE_NOT_REPLAYABLE;
    if (step == A407_STEP_NEED_TOKEN)
        *why = A407_CAUSE_UNMET;
    /* The last guard against a second header line: RFC 9110 section 5.5. */
    if (step == A407_STEP_DONE &&
        (e->auth.failed || memchr(e->auth.p, '\r', e->auth.n) ||
         memchr(e->auth.p, '\n', e->auth.n) ||
         memchr(e->auth.p, '\0', e->auth.n))) {
        *why = A407_CAUSE_MALFORMED;
        step = A407_STEP_FAIL;
    }
    return step;
}

bool a407_engine_preempt(struct a407_engine *e)
{
    struct a407_proxy *p = e->proxy;
    enum a407_cause why;
    if (!p->scheme || p->scheme->per_connection ||
        make_header(e, p->scheme, p->state, p->cred_index, &why) !=
            A407_STEP_DONE)
        return false;
    struct a407_outstanding *last = &e->q[e->q_n - 1];
    last->ours = p->scheme;
    last->cred_index = p->cred_index;
    if (!e->pipelined) {
        e->x.answering = true;
        e->x.fresh = false;
        e->x.scheme = p->scheme;
        e->x.cred_index = p->cred_index;
    }
    return true;
}

/* ---- verdicts ---- */

/* Returns the cause that it is. */
static enum a407_cause refused(struct a407_engine *e,
                               const struct a407_scheme *scheme,
                               unsigned cred_index)
{
    struct a407_proxy *p = e->proxy;
    p->refused_until[cred_index][scheme->id] = now_s(e) + p->config->lockout_s;
    p->host->verdict(p->host->ctx, &p->endpoint, p->creds[cred_index], false);
    if (p->scheme && p->cred_index == cred_index)
        a407_proxy_clear(p);
    return p->worked[cred_index] ? A407_CAUSE_REJECTED_LATER
                                 : A407_CAUSE_REJECTED;
}

static void set_refused(struct a407_engine *e)
{
    struct a407_exchange *x = &e->x;
    x->cause = refused(e, x->scheme, x->cred_index);
    x->tried[x->cred_index] |= A407_SCHEME_BIT(x->scheme->id);
}

void a407_engine_refused(struct a407_engine *e)
{
    set_refused(e);
    a407_event_note(e, e->x.cause, NULL);
    if (e->ev)
        e->ev->outcome = A407_UNRESOLVED;
    drop_state(&e->x);
    e->x.answering = false;
    e->x.decided = true;
}

void a407_engine_accepted(struct a407_engine *e, const char *head, size_t n)
{
    struct a407_proxy *p = e->proxy;
    struct a407_exchange *x = &e->x;
    if (x->state && !x->scheme->per_connection) {
        a407_proxy_clear(p);
        p->scheme = x->scheme;
        p->state = x->state;
        p->cred_index = x->cred_index;
        x->state = NULL;
    }
    if (!p->worked[x->cred_index]) {
        p->worked[x->cred_index] = true;
        p->host->verdict(p->host->ctx, &p->endpoint, p->creds[x->cred_index],
                         true);
    }
    struct a407_span info =
        a407_field_find(head, n, "Proxy-Authentication-Info");
    if (info.p && p->scheme == x->scheme && p->scheme && p->scheme->info) {
        struct a407_challenge c;
        a407_auth_info_parse(info, &c);
        p->scheme->info(p->state, &c);
    }
    x->answering = false;
}

/* ---- what the client sent itself ---- */

static const struct a407_challenge *
same_scheme(const struct a407_challenges *offered, const char *scheme)
{
    for (size_t i = 0; i < offered->n; i++)
        if (a407_span_ieq(offered->item[i].scheme, scheme))
            return &offered->item[i];
    return NULL;
}

static bool says_stale(const struct a407_challenge *c)
{
    char text[8];
    return a407_param_text(a407_param_find(c, "stale"), text, sizeof text) >
               0 &&
           a407_span_ieq(a407_span_str(text), "true");
}

/*
 * A credential of ours that the client has just had refused is not sent once
 * more. Of Digest only the user can be compared: the same one counts as tried.
 */
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
    uint8_t tried = same_scheme(offered, e->ev->client_scheme)
                        ? A407_ALL_SCHEMES
                        : A407_SCHEME_BIT(a407_scheme_from_name(
                              a407_span_str(e->ev->client_scheme)));
    for (size_t i = 0; i < e->proxy->n_creds; i++) {
        const struct a407_credential *c = e->proxy->creds[i];
        if (basic ? a407_basic_is(list->item[0].token68, c)
                  : c->username && strcmp(c->username, e->ev->client_user) == 0)
            e->x.tried[i] = tried;
    }
    a407_challenges_free(list);
}

bool a407_client_goes_on(const struct a407_engine *e,
                         const struct a407_challenges *offered)
{
    if (!e->ev || !e->ev->client_sent)
        return false;
    const struct a407_challenge *c = same_scheme(offered, e->ev->client_scheme);
    return c && c->token68.p;
}

/* The client will renew its nonce by itself. */
static bool client_is_stale(const struct a407_engine *e,
                            const struct a407_challenges *offered)
{
    const struct a407_challenge *c = same_scheme(offered, e->ev->client_scheme);
    return c && says_stale(c);
}

/* ---- deciding ---- */

static const char too_large[] = "the body is larger than the replay limit";

static bool can_repeat(struct a407_engine *e, const char **detail)
{
    if (e->overflow) {
        *detail = too_large;
    } else if (e->ev->n_attempts >= A407_EVENT_ATTEMPTS) {
        *detail = "too many attempts";
    } else {
        return true;
    }
    e->x.cause = A407_CAUSE_NOT_REPLAYABLE;
    return false;
}

/* The credentials that must not be tried: tried here, or locked out. */
static void excluded(struct a407_engine *e, uint8_t *out, bool *locked)
{
    struct a407_proxy *p = e->proxy;
    for (size_t i = 0; i < p->n_creds; i++) {
        out[i] = e->x.tried[i];
        if (!e->x.tried[i] &&
            p->host->held_back(p->host->ctx, &p->endpoint, p->creds[i])) {
            out[i] = A407_ALL_SCHEMES;
            *locked = true;
        }
        for (unsigned s = 0; s < A407_SCHEME_COUNT; s++) {
            if (p->refused_until[i][s] <= now_s(e) ||
                (out[i] & A407_SCHEME_BIT(s)))
                continue;
            out[i] |= A407_SCHEME_BIT(s);
            *locked = true;
        }
    }
}

static bool take(struct a407_engine *e, const struct a407_scheme *scheme,
                 const struct a407_challenge *ch, unsigned cred_index,
                 enum a407_cause *why)
{
    struct a407_exchange *x = &e->x;
    *why = A407_CAUSE_PROTOCOL;
    void *state = calloc(1, scheme->state_size ? scheme->state_size : 1);
    if (!state)
        return false;
    if (!scheme->init(state, ch) ||
        make_header(e, scheme, state, cred_index, why) != A407_STEP_DONE) {
        scheme->wipe(state);
        free(state);
        return false;
    }
    drop_state(x);
    x->scheme = scheme;
    x->state = state;
    x->cred_index = cred_index;
    x->answering = true;
    x->fresh = true;
    return true;
}

static bool pick(struct a407_engine *e, const struct a407_challenges *offered)
{
    struct a407_proxy *p = e->proxy;
    const struct a407_config *c = p->config;
    struct a407_exchange *x = &e->x;
    uint8_t out[A407_CREDENTIALS_MAX] = {0};
    bool locked = false;
    excluded(e, out, &locked);
    struct a407_candidate cand;
    enum a407_cause why = A407_CAUSE_NO_CREDENTIAL, step_why;
    enum a407_cause failed = A407_CAUSE_NONE;
    while (p->n_creds && a407_choose(offered, c->order, c->n_order, p->creds,
                                     p->n_creds, out, &cand, &why)) {
        if (take(e, cand.scheme, cand.challenge, cand.cred_index, &step_why))
            return true;
        failed = step_why;
        out[cand.cred_index] |= A407_SCHEME_BIT(cand.scheme->id);
    }
    if (x->cause != A407_CAUSE_NONE)
        return false; /* what came of a try is what there is to say */
    if (!offered->n)
        x->cause =
            offered->malformed ? A407_CAUSE_PROTOCOL : A407_CAUSE_NO_CHALLENGE;
    else if (!p->n_creds)
        x->cause =
            p->elsewhere ? A407_CAUSE_OTHER_ENDPOINT : A407_CAUSE_NO_CREDENTIAL;
    else if (failed != A407_CAUSE_NONE)
        x->cause = failed;
    else
        x->cause = locked ? A407_CAUSE_LOCKED_OUT : why;
    return false;
}

/* The best challenge of a scheme, as it is now for that credential. */
static const struct a407_challenge *
renewed(const struct a407_engine *e, const struct a407_challenges *offered,
        const struct a407_scheme *s, unsigned cred_index)
{
    const struct a407_challenge *best = NULL;
    unsigned most = 0;
    enum a407_cause why;
    for (size_t i = 0; i < offered->n; i++) {
        const struct a407_challenge *c = &offered->item[i];
        if (!a407_scheme_speaks(s, c))
            continue;
        unsigned rank = s->rank(c, e->proxy->creds[cred_index], &why);
        if (rank > most) {
            most = rank;
            best = c;
        }
    }
    return best;
}

/* Judges the answer that was in flight. True: a new header is ready. */
static bool renew(struct a407_engine *e, const struct a407_challenges *offered)
{
    struct a407_exchange *x = &e->x;
    struct a407_proxy *p = e->proxy;
    const struct a407_scheme *s = x->scheme;
    const struct a407_challenge *ch = renewed(e, offered, s, x->cred_index);
    /* Another connection may have dropped what worked meanwhile. */
    const void *state = x->state ? x->state : p->scheme == s ? p->state : NULL;
    enum a407_cause why = A407_CAUSE_STALE;
    if (ch && state && s->reply(state, ch, x->fresh) == A407_REPLY_STALE) {
        if (x->cause == A407_CAUSE_NONE)
            x->cause = A407_CAUSE_STALE;
        if (x->stale++ < A407_STALE_MAX && take(e, s, ch, x->cred_index, &why))
            return true;
        /* No refusal, but it leads nowhere. */
        x->cause = why;
        x->tried[x->cred_index] |= A407_SCHEME_BIT(s->id);
        if (!x->state)
            a407_proxy_clear(p);
    } else if (ch) {
        set_refused(e);
    }
    /* Else no word about our scheme: an origin's 407 that the proxy handed on,
       or a proxy that offers something else by now. No refusal. */
    drop_state(x);
    x->answering = false;
    return false;
}

void a407_engine_passed_407(struct a407_engine *e,
                            const struct a407_challenges *offered)
{
    struct a407_proxy *p = e->proxy;
    const struct a407_outstanding *o = &e->q[0];
    bool repeat = e->x.answering && e->x.state;
    bool current = p->scheme == o->ours && p->cred_index == o->cred_index;
    a407_event_note(e, A407_CAUSE_NOT_REPLAYABLE, "pipelined requests");
    if (!o->ours)
        return;
    if (!repeat) {
        a407_event_attempt(e, o->ours, o->cred_index, false);
        a407_event_attempt_status(e, 407);
    }
    if (!repeat && !current)
        return; /* that one has been judged */
    const struct a407_challenge *ch =
        renewed(e, offered, o->ours, o->cred_index);
    const void *state = repeat ? e->x.state : p->state;
    if (!ch)
        return; /* no word about our scheme */
    if (o->ours->reply(state, ch, repeat) == A407_REPLY_REJECTED)
        a407_event_note(e, refused(e, o->ours, o->cred_index), NULL);
    else if (current && says_stale(ch))
        p->scheme->init(p->state, ch);
    else if (current)
        a407_proxy_clear(p); /* the next one begins anew: was it stale? */
}

/* The program is going to read the 407: the record is complete. */
static void give_up(struct a407_engine *e, enum a407_cause cause,
                    const char *detail)
{
    a407_event_note(e, cause, detail);
    if (e->ev)
        a407_event_finish(
            e, e->ev->n_attempts ? A407_UNRESOLVED : A407_NOT_RETRIED, 407);
    e->x.decided = true;
    e->x.answering = false;
}

void a407_engine_unreadable_407(struct a407_engine *e, struct a407_span head,
                                const char *detail)
{
    a407_event_begin(e, NULL, head);
    give_up(e, A407_CAUSE_PROTOCOL, detail);
}

/* Why the 407 came, when it is going to be answered. */
static enum a407_cause first_cause(const struct a407_engine *e)
{
    if (e->x.cause != A407_CAUSE_NONE)
        return e->x.cause;
    return e->proxy->url_has_userinfo ? A407_CAUSE_DROPPED
                                      : A407_CAUSE_NOT_SENT;
}

static void plan_drain(struct a407_engine *e, size_t head,
                       const struct a407_response *r)
{
    a407_buf_clear(&e->kept);
    e->drain_head = head;
    a407_body_init(&e->d_body, r->body, r->length);
    e->retry_fresh = !r->keep_alive || !e->rq_keep_alive ||
                     e->w != A407_W_START || e->body_n > A407_KEPT_BODY_MAX ||
                     e->proxy->no_reuse;
    a407_engine_move(e, A407_ST_DRAIN);
}

/* Does the client take care of this 407 itself, or hold our very credential? */
static bool left_to_client(struct a407_engine *e,
                           const struct a407_challenges *offered)
{
    if (!e->ev->client_sent)
        return false;
    if (a407_client_goes_on(e, offered)) {
        a407_event_drop(e);
        give_up(e, A407_CAUSE_NONE, NULL);
        return true;
    }
    if (client_is_stale(e, offered)) {
        give_up(e, A407_CAUSE_STALE, "the client goes on by itself");
        return true;
    }
    e->x.cause = A407_CAUSE_CLIENT_REJECTED;
    exclude_clients_own(e, offered);
    return false;
}

/* Judges and plans: true if the request is going to be repeated. */
static bool answer(struct a407_engine *e, const struct a407_challenges *offered,
                   struct a407_span head)
{
    struct a407_exchange *x = &e->x;
    const char *detail = NULL;
    bool first = !e->ev, again = false;
    if (first && !a407_event_begin(e, offered, head)) {
        give_up(e, A407_CAUSE_PROTOCOL, NULL); /* out of memory */
        return false;
    }
    if (x->answering) {
        if (first) /* our header went with the request unasked */
            a407_event_attempt(e, x->scheme, x->cred_index, false);
        a407_event_attempt_status(e, 407);
        again = renew(e, offered);
    } else if (left_to_client(e, offered)) {
        return false;
    }
    if ((!again && !pick(e, offered)) || !can_repeat(e, &detail)) {
        give_up(e, x->cause, detail);
        return false;
    }
    a407_event_note(e, first_cause(e), NULL);
    x->retries++;
    a407_event_attempt(e, x->scheme, x->cred_index, again);
    e->q[0].ours = x->scheme;
    e->q[0].cred_index = x->cred_index;
    return true;
}

void a407_engine_on_407(struct a407_engine *e, const char *p, size_t n)
{
    struct a407_response r;
    struct a407_challenges *offered = a407_challenges_new();
    if (!offered ||
        a407_response_parse(p, n, e->q[0].is_head, e->q[0].is_connect, &r) !=
            A407_PARSE_OK) {
        a407_engine_unreadable_407(e, a407_span(p, n),
                                   "the head of the 407 can't be read");
    } else {
        a407_challenges_parse(p, n, "Proxy-Authenticate", offered);
        if (answer(e, offered, a407_span(p, n)))
            plan_drain(e, n, &r);
    }
    a407_challenges_free(offered);
}

/* ---- repeating ---- */

void a407_engine_repeat(struct a407_engine *e)
{
    /* What the program wrote while the 407 was taken may be in the way. */
    if (e->overflow || e->pipelined) {
        if (e->ev)
            e->ev->n_attempts--; /* that one is not made */
        give_up(e, A407_CAUSE_NOT_REPLAYABLE,
                e->overflow ? too_large : "pipelined requests");
        a407_event_cut(e, NULL);
        a407_engine_move(e, A407_ST_GIVE_BACK);
        return;
    }
    e->x.on_kept = false;
    if (e->retry_fresh || !a407_request_rewrite(e)) {
        a407_engine_move(e, A407_ST_RECONNECT);
        return;
    }
    e->x.on_kept = true;
    e->x.sent_us = e->mono_us;
    a407_engine_move(e, A407_ST_WAIT);
}

bool a407_engine_again(struct a407_engine *e)
{
    struct a407_exchange *x = &e->x;
    enum a407_cause why;
    if (!x->state || e->overflow || !a407_engine_active(e) ||
        make_header(e, x->scheme, x->state, x->cred_index, &why) !=
            A407_STEP_DONE)
        return false;
    a407_buf_free(&e->out);
    x->on_kept = false;
    a407_engine_move(e, A407_ST_RECONNECT);
    return true;
}
