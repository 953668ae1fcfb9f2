/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/auth/scheme.h"
#include "internal.h"

/* Making a header: with which scheme, from which state. */

/* Handshakes begun anew in one exchange, and their messages that log in: a
   proxy may close in the middle of each, and count each against the account. */
#define RESTARTS_MAX 2
#define PROOFS_MAX   2

static void collect(void *ctx, const char *p, size_t n)
{
    a407_buf_add(ctx, p, n);
}

/* The request's content, for auth-int, if it is whole; `store` is for chunks.
 */
static struct a407_span content(const struct a407_engine *e,
                                const struct a407_request *rq,
                                struct a407_buf *store)
{
    if (e->writing != A407_W_START || e->overflow)
        return (struct a407_span){0};
    const char *body = e->request.p + e->head_n;
    size_t n = e->request.n - e->head_n;
    if (rq->body != A407_BODY_CHUNKED)
        return a407_span(body, n);
    struct a407_body b;
    a407_body_init(&b, A407_BODY_CHUNKED, 0);
    a407_body_feed_to(&b, body, n, collect, store);
    if (store->failed)
        return (struct a407_span){0};
    return a407_span(store->p ? store->p : "", store->n);
}

/* The last guard against a second header line: RFC 9110 section 5.5. */
static bool one_line(const struct a407_buf *b)
{
    return !b->failed && b->n && !memchr(b->p, '\r', b->n) &&
           !memchr(b->p, '\n', b->n) && !memchr(b->p, '\0', b->n);
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
        .now = e->wall_us / 1000000,
        .token = a407_span(e->token.p, e->token.n),
        .ntlm_v1 = e->proxy->config->ntlm_v1,
        .proxy_host = a407_span_str(e->proxy->endpoint.host),
    };
    a407_buf_clear(&e->auth);
    enum a407_step step = a407_scheme_step(
        scheme, state, e->proxy->creds[cred_index], &ar, &e->auth, why);
    a407_buf_free(&store);
    a407_buf_free(&e->token);
    if (step == A407_STEP_NEED_BODY)
        *why = A407_CAUSE_NOT_REPLAYABLE;
    if ((step == A407_STEP_DONE || step == A407_STEP_LEG) &&
        !one_line(&e->auth)) {
        *why = A407_CAUSE_MALFORMED;
        step = A407_STEP_FAIL;
    }
    return step;
}

enum a407_try a407_try_step(struct a407_engine *e, enum a407_cause *why)
{
    struct a407_exchange *exchange = &e->exchange;
    enum a407_step step = make_header(e, exchange->scheme, exchange->state,
                                      exchange->cred_index, why);
    exchange->pending = step == A407_STEP_NEED_TOKEN;
    if (exchange->pending) {
        e->ask = A407_ASK_TOKEN;
        e->ask_cred = exchange->cred_index;
        return A407_TRY_ASK;
    }
    if (step != A407_STEP_DONE && step != A407_STEP_LEG) {
        a407_exchange_drop_state(exchange);
        return A407_TRY_NONE;
    }
    exchange->edition = e->proxy->standing[exchange->cred_index].edition;
    exchange->ends = e->proxy->standing[exchange->cred_index].ends;
    exchange->leg = step == A407_STEP_LEG;
    exchange->legs++;
    exchange->course = A407_COURSE_OURS;
    return A407_TRY_READY;
}

enum a407_try a407_try_with(struct a407_engine *e,
                            const struct a407_scheme *scheme,
                            const struct a407_challenge *ch,
                            unsigned cred_index, enum a407_cause *why)
{
    struct a407_exchange *exchange = &e->exchange;
    *why = A407_CAUSE_PROTOCOL;
    a407_exchange_drop_state(exchange);
    exchange->state = a407_secret_alloc(scheme->state_size);
    if (!exchange->state)
        return A407_TRY_NONE;
    memset(exchange->state, 0, scheme->state_size);
    if (ch)
        exchange->carrier = a407_span_ieq(ch->scheme, scheme->token)
                                ? scheme->token
                                : scheme->also;
    exchange->scheme = scheme;
    exchange->cred_index = cred_index;
    exchange->legs = 0;
    exchange->principal[0] = '\0';
    exchange->fresh = ch != NULL;
    if (scheme->init(exchange->state, ch))
        return a407_try_step(e, why);
    a407_exchange_drop_state(exchange);
    return A407_TRY_NONE;
}

enum a407_try a407_try_anew(struct a407_engine *e, enum a407_cause *why)
{
    struct a407_exchange *exchange = &e->exchange;
    struct a407_challenge bare = {.scheme = a407_span_str(exchange->carrier)};
    *why = A407_CAUSE_PROTOCOL;
    if (exchange->restarts++ < RESTARTS_MAX && exchange->proofs < PROOFS_MAX)
        return a407_try_with(e, exchange->scheme, &bare, exchange->cred_index,
                             why);
    a407_exchange_drop_state(exchange);
    return A407_TRY_NONE;
}

/* A scheme that sends the secret itself, where others can listen: by default
   not once a better one has worked. Who offers only that then may be somebody
   else. On this machine nobody is between. */
static bool clear_forbidden(const struct a407_engine *e, enum a407_scheme_id id)
{
    enum a407_clear clear = e->proxy->config->clear;
    bool here =
        strncmp(e->peer, "127.", 4) == 0 || strncmp(e->peer, "[::1]", 5) == 0;
    return a407_scheme_get(id)->sends_secret && !here &&
           (clear == A407_CLEAR_NO ||
            (clear == A407_CLEAR_AUTO && e->proxy->hides));
}

/* A handshake before the proxy asks for one: the first message is all that it
   takes (Negotiate), or saves a request, and a body sent in vain (NTLM). But an
   empty body in place of a request's own is for a proxy that has asked for it:
   what another process remembers may be over, and an origin would get both. */
static enum a407_try handshake_unasked(struct a407_engine *e)
{
    struct a407_proxy *p = e->proxy;
    struct a407_challenge bare = {.scheme = a407_span_str(p->carrier)};
    const struct a407_standing *standing = &p->standing[p->cred_index];
    enum a407_cause why;
    if (e->pipelined || e->state != A407_ST_WAIT ||
        (e->authenticated && !p->each_request) ||
        (!p->scheme->unasked && e->writing == A407_W_BODY &&
         standing->recalled && !standing->worked))
        return A407_TRY_NONE;
    e->exchange.carrier = p->carrier;
    enum a407_try t = a407_try_with(
        e, p->scheme, p->scheme->unasked ? NULL : &bare, p->cred_index, &why);
    e->exchange.fresh = false;
    return t;
}

enum a407_try a407_engine_preempt(struct a407_engine *e)
{
    struct a407_proxy *p = e->proxy;
    enum a407_cause why;
    if (!p->scheme || clear_forbidden(e, p->scheme->id))
        return A407_TRY_NONE;
    enum a407_try may = a407_ask_unproved(e, p->cred_index);
    if (may != A407_TRY_READY)
        return may;
    if (p->scheme->per_connection)
        return handshake_unasked(e);
    if (make_header(e, p->scheme, p->state, p->cred_index, &why) !=
        A407_STEP_DONE)
        return A407_TRY_NONE;
    if (!e->pipelined) {
        e->exchange.course = A407_COURSE_OURS;
        e->exchange.fresh = false;
        e->exchange.scheme = p->scheme;
        e->exchange.cred_index = p->cred_index;
        e->exchange.edition = p->standing[p->cred_index].edition;
        e->exchange.ends = p->standing[p->cred_index].ends;
    }
    return A407_TRY_READY;
}

/* The credentials that must not be tried: tried here, or locked out. A source
   that failed a moment ago is not asked again yet. */
static void excluded(struct a407_engine *e, a407_scheme_set *out, bool *locked)
{
    enum a407_cause *outside = &e->exchange.outside;
    int64_t now = a407_engine_running_s(e);
    for (size_t i = 0; i < e->proxy->n_creds; i++) {
        const struct a407_standing *standing = &e->proxy->standing[i];
        out[i] = e->exchange.tried[i];
        if (!e->exchange.tried[i] && (e->exchange.marked & (1u << i))) {
            out[i] = A407_ALL_SCHEMES;
            *locked = true;
        }
        for (unsigned s = 0; a407_scheme_get(s); s++) {
            if (standing->refused_until[s] <= now ||
                (out[i] & A407_SCHEME_BIT(s)))
                continue;
            out[i] |= A407_SCHEME_BIT(s);
            *locked = true;
        }
        if (standing->unmet_until > now) {
            out[i] |= a407_ticket_schemes();
            if (*outside == A407_CAUSE_NONE)
                *outside = standing->unmet;
        }
        if (*outside == A407_CAUSE_NONE && !standing->fetched &&
            standing->fetch_after > now)
            *outside = A407_CAUSE_HELPER_FAILED;
    }
}

static bool offers(const struct a407_challenges *offered,
                   const struct a407_scheme *scheme)
{
    for (size_t i = 0; i < offered->n; i++)
        if (a407_scheme_speaks(scheme, &offered->item[i]))
            return true;
    return false;
}

/* Leaves out what was sent already, to a 407 that did not name it. True: that
   is offered now. */
static bool turned_down(const struct a407_engine *e,
                        const struct a407_challenges *offered,
                        a407_scheme_set *out)
{
    a407_scheme_set any = 0;
    for (unsigned s = 0; a407_scheme_get(s); s++) {
        bool named = offers(offered, a407_scheme_get(s));
        for (size_t i = 0; named && i < e->proxy->n_creds; i++) {
            any |= e->exchange.unnamed[i] & A407_SCHEME_BIT(s);
            out[i] |= e->exchange.unnamed[i] & A407_SCHEME_BIT(s);
        }
    }
    return any;
}

/* The schemes that may be used on this connection, best first. */
static size_t allowed(const struct a407_engine *e, enum a407_scheme_id *out)
{
    const struct a407_config *c = e->proxy->config;
    size_t n = 0;
    for (size_t i = 0; i < c->n_order; i++)
        if (!clear_forbidden(e, c->order[i]))
            out[n++] = c->order[i];
    return n;
}

/* Why nothing was sent, where a user's own ticket is all that could have been.
 */
static enum a407_cause without_secret(const struct a407_engine *e,
                                      const struct a407_challenges *offered)
{
    bool kerberos = true;
    for (size_t i = 0; i < offered->n; i++)
        kerberos = kerberos && a407_takes_ticket(&offered->item[i]);
    if (e->exchange.outside != A407_CAUSE_NONE &&
        e->exchange.outside != A407_CAUSE_NO_CREDENTIAL)
        return e->exchange.outside; /* there is a ticket, but an old one, say */
    if (e->exchange.sent_before != A407_SENT_NEVER)
        return A407_CAUSE_DROPPED; /* the client has one */
    if (e->proxy->elsewhere)
        return A407_CAUSE_OTHER_ENDPOINT;
    return kerberos && e->exchange.outside != A407_CAUSE_NONE
               ? A407_CAUSE_NO_TICKET
               : A407_CAUSE_NO_CREDENTIAL;
}

/* Could something be sent, but for a better scheme that has worked here? If
   such a one is offered, too, the cause is what keeps that back. */
static bool only_weaker(const struct a407_engine *e,
                        const struct a407_challenges *offered,
                        const a407_scheme_set *out, bool locked)
{
    const struct a407_proxy *p = e->proxy;
    const struct a407_config *c = p->config;
    struct a407_candidate cand;
    enum a407_cause why;
    bool better = false;
    const struct a407_scheme *scheme;
    for (unsigned s = 0; (scheme = a407_scheme_get(s)); s++)
        better = better || (!scheme->sends_secret && offers(offered, scheme));
    return c->clear == A407_CLEAR_AUTO &&
           (!better || (!locked && e->exchange.outside == A407_CAUSE_NONE)) &&
           a407_choose(offered, c->order, c->n_order, p->creds, p->n_creds, out,
                       &cand, &why);
}

/* Nothing can be tried: why? */
static enum a407_cause why_none(const struct a407_engine *e,
                                const struct a407_challenges *offered,
                                const a407_scheme_set *out, bool locked,
                                enum a407_cause why, enum a407_cause failed)
{
    const struct a407_proxy *p = e->proxy;
    if (!offered->n)
        return offered->malformed ? A407_CAUSE_PROTOCOL
                                  : A407_CAUSE_NO_CHALLENGE;
    if (!p->n_creds || (p->n_creds == 1 && p->creds[0] == &p->ticket))
        return without_secret(e, offered);
    if (failed != A407_CAUSE_NONE)
        return failed;
    if (only_weaker(e, offered, out, locked))
        return A407_CAUSE_WEAKER;
    if (e->exchange.outside != A407_CAUSE_NONE)
        return e->exchange.outside;
    return locked ? A407_CAUSE_LOCKED_OUT : why;
}

enum a407_try a407_try_pick(struct a407_engine *e,
                            const struct a407_challenges *offered)
{
    struct a407_proxy *p = e->proxy;
    a407_scheme_set out[A407_CREDENTIALS_MAX] = {0};
    enum a407_scheme_id order[A407_SCHEMES_MAX];
    size_t n_order = allowed(e, order);
    bool locked = false;
    excluded(e, out, &locked);
    struct a407_candidate cand;
    enum a407_cause why = A407_CAUSE_NO_CREDENTIAL, step_why;
    enum a407_cause failed =
        turned_down(e, offered, out) ? A407_CAUSE_PROTOCOL : A407_CAUSE_NONE;
    while (p->n_creds && a407_choose(offered, order, n_order, p->creds,
                                     p->n_creds, out, &cand, &why)) {
        if (a407_ask_for_mark(e, cand.cred_index))
            return A407_TRY_ASK;
        enum a407_try t = a407_try_with(e, cand.scheme, cand.challenge,
                                        cand.cred_index, &step_why);
        if (t != A407_TRY_NONE)
            return t;
        failed = step_why;
        out[cand.cred_index] |= A407_SCHEME_BIT(cand.scheme->id);
    }
    /* what came of a try is all that there is to say */
    if (e->exchange.cause == A407_CAUSE_NONE)
        e->exchange.cause = why_none(e, offered, out, locked, why, failed);
    return A407_TRY_NONE;
}
