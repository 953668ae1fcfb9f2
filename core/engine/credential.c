/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/jwt.h"
#include "internal.h"

/* How a credential stands: what answers say about it, and its secret, where
   that comes from outside. */

/* Logins that meet an end before they count as refused. */
#define ENDS_MAX 2

void a407_exchange_tried(struct a407_exchange *exchange)
{
    exchange->tried[exchange->cred_index] |=
        A407_SCHEME_BIT(exchange->scheme->id);
}

static bool has_just_changed(const struct a407_engine *e,
                             const struct a407_standing *standing)
{
    int64_t age = a407_engine_running_s(e) - standing->replaced_s;
    return standing->replaces && age < A407_CHANGING_S;
}

/* Not by this scheme, by this process, for a while. */
static void lock_out(struct a407_engine *e, const struct a407_scheme *scheme,
                     unsigned cred_index)
{
    struct a407_proxy *p = e->proxy;
    struct a407_standing *standing = &p->standing[cred_index];
    int64_t now = a407_engine_running_s(e);
    unsigned s = p->config->lockout_s;
    if (has_just_changed(e, standing) && s > A407_SHORT_S)
        s = A407_SHORT_S;
    standing->refused_until[scheme->id] = now + s;
    if (p->scheme && p->cred_index == cred_index)
        a407_proxy_forget(p);
}

/* Any connection may end. But two logins in a row that come to that, the last
   one where the proxy was alive, may be how it says no, and each may count
   against the account. Those under way together are one: a dying proxy ends
   them all. */
bool a407_login_ended(struct a407_engine *e)
{
    struct a407_exchange *exchange = &e->exchange;
    struct a407_standing *standing = &e->proxy->standing[exchange->cred_index];
    bool alive = (exchange->reconnected && !exchange->on_kept) ||
                 (exchange->scheme->per_connection && exchange->legs > 1);
    if (exchange->leg || standing->worked ||
        exchange->edition != standing->edition ||
        exchange->ends != standing->ends || ++standing->ends < ENDS_MAX ||
        !alive)
        return false;
    standing->ends = 0;
    lock_out(e, exchange->scheme, exchange->cred_index);
    a407_exchange_tried(exchange);
    return true;
}

/* Not by this scheme, for a while; returns the cause that it is. `edition`: of
   what was refused; another secret that is there by now is not blamed. A ticket
   says nothing of the password that it was got with: no mark for others. */
static enum a407_cause refuse(struct a407_engine *e,
                              const struct a407_scheme *scheme,
                              unsigned cred_index, unsigned edition)
{
    struct a407_proxy *p = e->proxy;
    if (edition != p->standing[cred_index].edition)
        return A407_CAUSE_REJECTED_LATER;
    if (scheme->secret != A407_SECRET_TICKET)
        a407_verdict_note(e, cred_index, false);
    lock_out(e, scheme, cred_index);
    return p->standing[cred_index].worked || p->standing[cred_index].recalled
               ? A407_CAUSE_REJECTED_LATER
               : A407_CAUSE_REJECTED;
}

void a407_answer_refused(struct a407_engine *e)
{
    struct a407_exchange *exchange = &e->exchange;
    bool current =
        exchange->edition == e->proxy->standing[exchange->cred_index].edition;
    exchange->cause =
        refuse(e, exchange->scheme, exchange->cred_index, exchange->edition);
    if (current) /* else the new secret has its own chance */
        a407_exchange_tried(exchange);
}

static void unresolved(struct a407_engine *e, enum a407_cause cause,
                       const char *detail)
{
    a407_event_note(e, cause, detail);
    if (e->ev)
        e->ev->outcome = A407_UNRESOLVED;
    a407_exchange_drop_state(&e->exchange);
    e->exchange.course = A407_COURSE_DECIDED;
}

void a407_engine_refused(struct a407_engine *e)
{
    /* The first message of a handshake names nobody who could be refused. */
    if (e->exchange.leg)
        e->exchange.cause = A407_CAUSE_PROTOCOL;
    else
        a407_answer_refused(e);
    unresolved(e, e->exchange.cause, NULL);
}

static bool is_tinyproxy(struct a407_span server)
{
    return server.n >= 10 &&
           a407_span_ieq(a407_span(server.p, 10), "tinyproxy/");
}

bool a407_engine_maybe_refused(struct a407_engine *e, const char *head,
                               size_t n)
{
    const struct a407_event_answer *a = e->ev ? &e->ev->answer : NULL;
    bool met = false;
    for (size_t i = 0; a && i < a->n_fields && !met; i++)
        met = a->fields[i].id == A407_FIELD_SERVER &&
              is_tinyproxy(a407_span_str(a->fields[i].value));
    if (!met || !is_tinyproxy(a407_field_find(head, n, "Server")))
        return false;
    unresolved(e, A407_CAUSE_REJECTED,
               "tinyproxy refuses a login by 401, but an origin can say that "
               "too");
    return true;
}

/* Was somebody let in by this secret? A leg names nobody, what follows one that
   was enough carries nothing, and a 401 may be a refusal. */
static bool proves_secret(const struct a407_engine *e, int status)
{
    const struct a407_exchange *exchange = &e->exchange;
    return status != 401 && !exchange->leg &&
           (exchange->state || !exchange->scheme->per_connection) &&
           exchange->edition ==
               e->proxy->standing[exchange->cred_index].edition;
}

void a407_engine_accepted(struct a407_engine *e, int status, const char *head,
                          size_t n)
{
    struct a407_proxy *p = e->proxy;
    struct a407_exchange *exchange = &e->exchange;
    struct a407_standing *standing = &p->standing[exchange->cred_index];
    bool bound = exchange->scheme->per_connection;
    /* an error before any login says nothing of the scheme */
    bool let_in = !exchange->leg || status < 400;
    if (let_in && (bound || exchange->state)) {
        a407_proxy_forget(p);
        p->scheme = exchange->scheme;
        p->carrier = exchange->carrier;
        p->cred_index = exchange->cred_index;
    }
    if (let_in && bound) {
        e->authenticated = true;
        if (e->ev)
            e->ev->mutual = exchange->mutual;
    } else if (let_in && exchange->state) {
        p->state = exchange->state;
        exchange->state = NULL;
    }
    if (proves_secret(e, status)) {
        if (!exchange->scheme->sends_secret)
            p->hides = true;
        else if (p->config->clear == A407_CLEAR_YES)
            p->hides = false; /* so the user wants it, for what comes later */
        if (!standing->worked)
            a407_verdict_note(e, exchange->cred_index, true);
        standing->worked = true;
    }
    struct a407_span info =
        a407_field_find(head, n, "Proxy-Authentication-Info");
    if (info.p && p->scheme == exchange->scheme && p->state &&
        p->scheme->info) {
        struct a407_challenge c;
        a407_auth_info_parse(info, &c);
        p->scheme->info(p->state, &c);
    }
    exchange->course = A407_COURSE_PROGRAMS;
}

/* ---- pipelined ---- */

const struct a407_challenge *a407_renewed(const struct a407_engine *e,
                                          const struct a407_challenges *offered,
                                          const struct a407_scheme *s,
                                          unsigned cred_index)
{
    return a407_best_challenge(s, offered, e->proxy->creds[cred_index],
                               s->per_connection ? e->exchange.carrier : NULL);
}

void a407_engine_passed_407(struct a407_engine *e,
                            const struct a407_challenges *offered)
{
    struct a407_proxy *p = e->proxy;
    const struct a407_in_flight *o = &e->in_flight[0];
    bool repeat = e->exchange.course == A407_COURSE_OURS && e->exchange.state;
    bool current = p->scheme == o->ours && p->cred_index == o->cred_index;
    a407_event_note(e, A407_CAUSE_NOT_REPLAYABLE, "pipelined requests");
    if (!o->ours || !a407_engine_is_proxys(e))
        return;
    /* what went out unasked is on record only now */
    if (!repeat || (e->ev && !e->ev->n_attempts)) {
        a407_event_attempt(e, o->ours, o->cred_index, false);
        a407_event_attempt_status(e, 407);
    }
    if (!repeat && !current)
        return; /* that one has been judged */
    const struct a407_challenge *ch =
        a407_renewed(e, offered, o->ours, o->cred_index);
    const void *state = repeat ? e->exchange.state : p->state;
    if (!ch || !state)
        return; /* no word about our scheme */
    if (a407_scheme_reply(o->ours, state, ch, repeat) == A407_REPLY_REJECTED)
        a407_event_note(e, refuse(e, o->ours, o->cred_index, o->edition), NULL);
    else if (current && p->state && a407_param_is(ch, "stale", "true"))
        p->scheme->init(p->state, ch);
    else if (current)
        a407_proxy_forget(p); /* the next one begins anew: was it stale? */
}

/* ---- what core can't do by itself: reading a secret, making a token ---- */

/* How long a helper is left alone after it failed or had nothing new; and a
   KDC after it gave no ticket. Each attempt may take seconds. */
#define FETCH_PAUSE_S 10
#define UNMET_PAUSE_S 60
/* ... where that was soon known: another secret, or a ticket, may be there at
   any moment. */
#define SOON_PAUSE_S 1
#define SOON_US      500000

/* A secret that ends so soon is fetched anew before it is sent again. */
#define RENEW_S 30

bool a407_secret_is_another(struct a407_engine *e, unsigned i)
{
    struct a407_exchange *exchange = &e->exchange;
    unsigned edition = e->proxy->standing[i].edition;
    if (exchange->of[i] == edition)
        return false;
    exchange->of[i] = edition;
    exchange->tried[i] = 0;
    exchange->looked_up &= ~(1u << i);
    exchange->marked &= ~(1u << i);
    return true;
}

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
    int64_t end = a407_secret_end(c);
    return end && end - RENEW_S <= e->wall_us / 1000000;
}

/* What the credential file itself has may be another one by now. */
static bool may_change(const struct a407_credential *c)
{
    return c->from == A407_FROM_FILE || a407_credential_is_outside(c);
}

static bool ask_for_secret_of(struct a407_engine *e, unsigned i)
{
    const struct a407_standing *standing = &e->proxy->standing[i];
    a407_secret_is_another(e, i);
    if (!may_change(e->proxy->creds[i]) || (e->exchange.asked & (1u << i)) ||
        standing->fetch_after > a407_engine_running_s(e) ||
        (standing->fetched && !is_spent(e, i)))
        return false;
    e->exchange.asked |= 1u << i;
    e->ask = A407_ASK_SECRET;
    e->ask_cred = i;
    return true;
}

bool a407_ask_for_secret(struct a407_engine *e)
{
    for (unsigned i = 0; i < e->proxy->n_creds; i++)
        if (ask_for_secret_of(e, i))
            return true;
    return false;
}

enum a407_try a407_ask_unproved(struct a407_engine *e, unsigned i)
{
    const struct a407_standing *standing = &e->proxy->standing[i];
    bool now = !e->pipelined && e->state == A407_ST_WAIT;
    a407_secret_is_another(e, i);
    bool spent = now && may_change(e->proxy->creds[i]) && is_spent(e, i);
    bool look = !standing->worked ||
                (now && standing->looked_s != a407_engine_running_s(e));
    bool marked = e->exchange.marked & (1u << i);
    if (!look && !spent && !marked)
        return A407_TRY_READY;
    if (!now)
        return A407_TRY_NONE;
    if (ask_for_secret_of(e, i) || (look && a407_ask_for_mark(e, i)))
        return A407_TRY_ASK;
    return !standing->fetched || marked ? A407_TRY_NONE : A407_TRY_READY;
}

/* Can the answer that lets us in prove who the proxy is (RFC 4559)? */
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
    const struct a407_standing *standing = &e->proxy->standing[e->ask_cred];
    out->again = standing->fetched;
    out->alone = standing->worked || standing->alone;
    out->replaces = has_just_changed(e, standing);
    out->configured = standing->configured;
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

static bool took_long(const struct a407_engine *e, const struct a407_told *t)
{
    return t->late || e->mono_us - e->since_us > SOON_US;
}

/* To look into a file costs nothing. */
static void leave_source_alone(struct a407_engine *e, const struct a407_told *t)
{
    struct a407_standing *standing = &e->proxy->standing[e->ask_cred];
    if (standing->configured->helper)
        standing->fetch_after =
            a407_engine_running_s(e) +
            (took_long(e, t) ? FETCH_PAUSE_S : SOON_PAUSE_S);
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
        leave_source_alone(e, t);
        return;
    }
    a407_credentials_free(standing->resolved);
    p->creds[i] = standing->resolved = t->secret;
    t->secret = NULL;
    standing->edition++;
    standing->replaces = !first && (standing->worked || standing->recalled);
    standing->replaced_s = a407_engine_running_s(e);
    standing->worked = standing->alone = false;
    standing->recalled = standing->recalled && first;
    standing->ends = 0;
    memset(standing->refused_until, 0, sizeof standing->refused_until);
}

static void told_secret(struct a407_engine *e, struct a407_told *t)
{
    if (!t->ok) {
        leave_source_alone(e, t);
        e->exchange.outside = t->cause;
        a407_event_note(e, t->cause, t->detail);
        return;
    }
    if (t->known) /* its source has not been asked itself */
        e->exchange.asked &= ~(1u << e->ask_cred);
    if (t->secret)
        take_secret(e, t);
    a407_secret_is_another(e, e->ask_cred);
}

/* One that does not answer is not asked for another credential either. */
static void leave_kdc_alone(struct a407_engine *e, const struct a407_told *t)
{
    struct a407_proxy *p = e->proxy;
    int64_t now = a407_engine_running_s(e);
    bool slow = took_long(e, t);
    for (unsigned j = 0; j < p->n_creds; j++) {
        if (j != e->ask_cred && (!t->late || p->standing[j].unmet_until > now))
            continue;
        p->standing[j].unmet_until =
            now + (slow ? UNMET_PAUSE_S : SOON_PAUSE_S);
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
    a407_exchange_tried(exchange);
    exchange->outside = t->cause;
    a407_event_attempt_failed(e, t->cause, t->detail);
    a407_event_note(e, t->cause, t->detail);
    if (a407_cause_refuses(t->cause)) {
        bool current = exchange->of[i] == e->proxy->standing[i].edition;
        exchange->cause = refuse(e, exchange->scheme, i, exchange->of[i]);
        if (t->cause != A407_CAUSE_REJECTED)
            exchange->cause = t->cause;
        /* the password itself was refused: no other scheme may try it */
        if (current) {
            exchange->tried[i] = A407_ALL_SCHEMES;
            a407_verdict_note(e, i, false);
        }
    } else {
        leave_kdc_alone(e, t);
    }
    if (e->proxy->scheme == exchange->scheme && e->proxy->cred_index == i)
        a407_proxy_forget(e->proxy);
    a407_exchange_drop_state(exchange);
}

/* Each connection of this program may come to wait for what the program reads
   only later: once in vain is enough. */
static void told_mark(struct a407_engine *e, struct a407_told *t)
{
    struct a407_proxy *p = e->proxy;
    unsigned bit = 1u << e->ask_cred;
    struct a407_standing *standing = &p->standing[e->ask_cred];
    if (a407_secret_is_another(e, e->ask_cred))
        return;
    e->exchange.looked_up |= bit;
    standing->alone = standing->alone || t->late;
    standing->looked_s = a407_engine_running_s(e);
    if (t->ok)
        e->exchange.marked |= bit;
    else if (!t->known && !standing->worked)
        p->remembered = (struct a407_remembered){0}; /* to be confirmed */
    if (t->trial)
        e->exchange.trying |= bit;
    t->trial = false;
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
    *t = (struct a407_told){.trial = t->trial};
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
        told_mark(e, t);
        break;
    case A407_ASK_VERIFY:
        e->exchange.mutual = t->ok ? A407_MUTUAL_VERIFIED : A407_MUTUAL_FAILED;
    }
}
