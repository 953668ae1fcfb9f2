/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/auth/jwt.h"
#include "internal.h"

/*
 * What core can't do by itself: reading a secret, making a token. A 407 stays
 * in the queue meanwhile, and is looked at again afterwards.
 */

/* How long a source is left alone after it failed or had nothing new; and a
   KDC after it gave no ticket. Each attempt may take seconds. */
#define FETCH_PAUSE_S 10
#define UNMET_PAUSE_S 60

void a407_ask_begin(struct a407_engine *e, enum a407_after after)
{
    e->after = after;
    a407_engine_move(e, A407_ST_ASK);
}

bool a407_ask_for_mark(struct a407_engine *e, unsigned cred_index)
{
    /* One that was sent in this exchange has been judged here. */
    if (e->exchange.tried[cred_index] ||
        (e->exchange.looked_up & (1u << cred_index)) ||
        !a407_may_be_marked(e->proxy->creds[cred_index]))
        return false;
    e->ask = A407_ASK_MARK;
    e->ask_cred = cred_index;
    return true;
}

/* Is that secret of no use, so that its source may have another by now? */
static bool is_spent(struct a407_engine *e, unsigned i)
{
    struct a407_proxy *p = e->proxy;
    const struct a407_credential *c = p->creds[i];
    int64_t now = a407_engine_running_s(e);
    a407_scheme_set ticket = a407_ticket_schemes();
    if ((e->exchange.tried[i] & ~ticket) || (e->exchange.marked & (1u << i)))
        return true;
    for (unsigned s = 0; a407_scheme_get(s); s++)
        if (!(ticket & A407_SCHEME_BIT(s)) &&
            p->standing[i].refused_until[s] > now)
            return true;
    if (!c->token)
        return false;
    int64_t end = a407_jwt_expiry(a407_span_str(c->token));
    return end && end <= e->wall_us / 1000000;
}

bool a407_ask_for_secret(struct a407_engine *e)
{
    struct a407_proxy *p = e->proxy;
    int64_t now = a407_engine_running_s(e);
    for (unsigned i = 0; i < p->n_creds; i++) {
        if (!a407_credential_is_outside(p->creds[i]) ||
            (e->exchange.asked & (1u << i)) ||
            p->standing[i].fetch_after > now ||
            (p->standing[i].fetched && !is_spent(e, i)))
            continue;
        e->exchange.asked |= 1u << i;
        e->ask = A407_ASK_SECRET;
        e->ask_cred = i;
        e->ask_edition = p->standing[i].edition;
        return true;
    }
    return false;
}

/* Can the answer that lets us in prove anything? With Negotiate, whatever is in
   it; there must have been more than a first message. */
static bool may_prove(const struct a407_exchange *exchange)
{
    const struct a407_scheme *s = exchange->scheme;
    bool inside = s->prove && exchange->carrier &&
                  exchange->carrier == s->also && !exchange->leg;
    return exchange->course == A407_COURSE_OURS && exchange->state &&
           !exchange->proved && (s->unasked || inside);
}

/* The token for the scheme in flight, in either field. NULL: there is none. */
static const struct a407_challenge *
proof_in(const struct a407_exchange *exchange, const char *head, size_t n,
         struct a407_challenges *list)
{
    static const char *const fields[] = {"Proxy-Authentication-Info",
                                         "Proxy-Authenticate"};
    for (int f = 0; f < 2; f++) {
        a407_challenges_parse(head, n, fields[f], list);
        for (size_t i = 0; i < list->n; i++)
            if (list->item[i].token68.p &&
                a407_span_ieq(list->item[i].scheme, exchange->carrier))
                return &list->item[i];
    }
    return NULL;
}

bool a407_ask_for_proof(struct a407_engine *e, const char *head, size_t n)
{
    struct a407_exchange *exchange = &e->exchange;
    if (!may_prove(exchange))
        return false;
    struct a407_challenges *list = a407_challenges_new();
    const struct a407_challenge *ch =
        list ? proof_in(exchange, head, n, list) : NULL;
    exchange->proved = true;
    exchange->mutual = A407_MUTUAL_ABSENT;
    if (ch && exchange->scheme->prove)
        exchange->mutual = exchange->scheme->prove(exchange->state, ch);
    bool ask = ch && !exchange->scheme->prove &&
               exchange->scheme->init(exchange->state, ch);
    e->ask = A407_ASK_VERIFY;
    e->ask_cred = exchange->cred_index;
    a407_challenges_free(list);
    return ask;
}

bool a407_engine_ask(const struct a407_engine *e, struct a407_ask *out)
{
    *out = (struct a407_ask){.kind = e->ask,
                             .cred_index = e->ask_cred,
                             .proxy = &e->proxy->endpoint};
    out->cred = a407_credential_copy(e->proxy->creds[e->ask_cred]);
    if (!out->cred)
        return false;
    if (e->ask == A407_ASK_SECRET || e->ask == A407_ASK_MARK)
        return true;
    struct a407_span token = e->exchange.scheme->outside(e->exchange.state);
    a407_buf_init(&out->token, token.n);
    return a407_buf_span(&out->token, token);
}

void a407_ask_clear(struct a407_ask *ask)
{
    a407_credentials_free(ask->cred);
    a407_buf_free(&ask->token);
    *ask = (struct a407_ask){0};
}

/* A new secret takes the place of the old one, and has its own chance. */
static void take_secret(struct a407_engine *e, struct a407_told *t)
{
    struct a407_proxy *p = e->proxy;
    unsigned i = e->ask_cred;
    struct a407_standing *standing = &p->standing[i];
    const struct a407_credential *old = p->creds[i];
    bool first = !standing->fetched;
    standing->fetched = true;
    if (!first && a407_same_text(old->username, t->secret->username) &&
        a407_same_text(old->password, t->secret->password) &&
        a407_same_text(old->token, t->secret->token)) {
        standing->fetch_after = a407_engine_running_s(e) + FETCH_PAUSE_S;
        return;
    }
    if (p->scheme && p->cred_index == i)
        a407_proxy_forget(p);
    a407_credentials_free(standing->resolved);
    p->creds[i] = standing->resolved = t->secret;
    t->secret = NULL;
    standing->edition++;
    standing->worked = false;
    standing->ends = 0;
    memset(standing->refused_until, 0, sizeof standing->refused_until);
}

static void told_secret(struct a407_engine *e, struct a407_told *t)
{
    struct a407_standing *standing = &e->proxy->standing[e->ask_cred];
    if (!t->ok) {
        standing->fetch_after = a407_engine_running_s(e) + FETCH_PAUSE_S;
        e->exchange.outside = t->cause;
        a407_event_note(e, t->cause, t->detail);
        return;
    }
    if (t->secret)
        take_secret(e, t);
    if (standing->edition == e->ask_edition)
        return;
    e->exchange.tried[e->ask_cred] = 0;
    e->exchange.looked_up &= ~(1u << e->ask_cred);
    e->exchange.marked &= ~(1u << e->ask_cred);
}

/* One that does not answer is not asked for another credential either: the
   program has waited once. */
static void leave_kdc_alone(struct a407_proxy *p, unsigned i, int64_t now,
                            const struct a407_told *t)
{
    for (unsigned j = 0; j < p->n_creds; j++) {
        if (j != i && (!t->late || p->standing[j].unmet_until > now))
            continue;
        p->standing[j].unmet_until = now + UNMET_PAUSE_S;
        p->standing[j].unmet = t->cause;
    }
}

static void told_token(struct a407_engine *e, struct a407_told *t)
{
    struct a407_exchange *exchange = &e->exchange;
    unsigned i = e->ask_cred;
    if (t->ok && t->token.n) {
        a407_buf_free(&e->token);
        memcpy(exchange->principal, t->user, sizeof exchange->principal);
        e->token = t->token;
        t->token = (struct a407_buf){0};
        return;
    }
    exchange->tried[i] |= A407_SCHEME_BIT(exchange->scheme->id);
    exchange->outside = t->cause;
    a407_event_attempt_failed(e, t->cause, t->detail);
    a407_event_note(e, t->cause, t->detail);
    if (t->cause == A407_CAUSE_REJECTED) {
        exchange->cause = a407_credential_refused(
            e, exchange->scheme, i, e->proxy->standing[i].edition);
        /* the password itself was refused: no other scheme may try it */
        exchange->tried[i] = A407_ALL_SCHEMES;
        a407_verdict_note(e, i, false);
    } else {
        leave_kdc_alone(e->proxy, i, a407_engine_running_s(e), t);
    }
    if (e->proxy->scheme == exchange->scheme && e->proxy->cred_index == i)
        a407_proxy_forget(e->proxy);
    a407_exchange_drop_state(exchange);
}

bool a407_told_fail(struct a407_told *told, enum a407_cause cause,
                    const char *fmt, ...)
{
    va_list ap;
    told->ok = false;
    told->cause = cause;
    va_start(ap, fmt);
    vsnprintf(told->detail, sizeof told->detail, fmt, ap);
    va_end(ap);
    return false;
}

void a407_told_clear(struct a407_told *t)
{
    a407_buf_free(&t->token);
    a407_credentials_free(t->secret);
    *t = (struct a407_told){0};
}

void a407_ask_take(struct a407_engine *e, struct a407_told *t)
{
    switch (e->ask) {
    case A407_ASK_SECRET:
        told_secret(e, t);
        break;
    case A407_ASK_TOKEN:
        told_token(e, t);
        break;
    case A407_ASK_MARK:
        e->exchange.looked_up |= 1u << e->ask_cred;
        if (t->ok)
            e->exchange.marked |= 1u << e->ask_cred;
        break;
    case A407_ASK_VERIFY:
        e->exchange.mutual = t->ok ? A407_MUTUAL_VERIFIED : A407_MUTUAL_FAILED;
    }
}
