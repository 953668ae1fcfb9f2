/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* What an answer says about the credential that its request carried. */

/* Logins that meet an end before they count as refused. */
#define ENDS_MAX 2

void a407_verdict_note(struct a407_engine *e, unsigned cred_index,
                       bool accepted)
{
    const struct a407_credential *c = e->proxy->creds[cred_index];
    struct a407_credential *copy =
        a407_may_be_marked(c) && e->n_verdicts < A407_VERDICTS_MAX
            ? a407_credential_copy(c)
            : NULL;
    if (copy)
        e->verdicts[e->n_verdicts++] = (struct a407_verdict){copy, accepted};
}

bool a407_engine_verdict(struct a407_engine *e, struct a407_verdict *out)
{
    if (!e->n_verdicts)
        return false;
    *out = e->verdicts[0];
    e->n_verdicts--;
    memmove(e->verdicts, e->verdicts + 1,
            e->n_verdicts * sizeof e->verdicts[0]);
    return true;
}

/* Not by this scheme, by this process, for a while. */
static void lock_out(struct a407_engine *e, const struct a407_scheme *scheme,
                     unsigned cred_index)
{
    struct a407_proxy *p = e->proxy;
    p->standing[cred_index].refused_until[scheme->id] =
        a407_engine_running_s(e) + p->config->lockout_s;
    if (p->scheme && p->cred_index == cred_index)
        a407_proxy_forget(p);
}

/*
 * Any connection may end, and a kept one often does when it is used again. But
 * two logins in a row that come to that, the last one where the proxy was
 * alive, may be how it says no, and each may count against the account. Those
 * that were under way together are one: a dying proxy ends them all.
 */
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
    exchange->tried[exchange->cred_index] |=
        A407_SCHEME_BIT(exchange->scheme->id);
    return true;
}

/* A refused ticket says nothing of the password that it was got with: no mark
   for other processes. */
enum a407_cause a407_credential_refused(struct a407_engine *e,
                                        const struct a407_scheme *scheme,
                                        unsigned cred_index, unsigned edition)
{
    struct a407_proxy *p = e->proxy;
    if (edition != p->standing[cred_index].edition)
        return A407_CAUSE_REJECTED_LATER;
    if (scheme->secret != A407_SECRET_TICKET)
        a407_verdict_note(e, cred_index, false);
    lock_out(e, scheme, cred_index);
    return p->standing[cred_index].worked ? A407_CAUSE_REJECTED_LATER
                                          : A407_CAUSE_REJECTED;
}

void a407_answer_refused(struct a407_engine *e)
{
    struct a407_exchange *exchange = &e->exchange;
    bool current =
        exchange->edition == e->proxy->standing[exchange->cred_index].edition;
    exchange->cause = a407_credential_refused(
        e, exchange->scheme, exchange->cred_index, exchange->edition);
    if (current) /* else the new secret has its own chance */
        exchange->tried[exchange->cred_index] |=
            A407_SCHEME_BIT(exchange->scheme->id);
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

/* Was somebody let in by this secret? A first message names nobody, what
   follows one that was enough carries nothing, and a 401 may be a refusal. */
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
        p->hides = p->hides || !exchange->scheme->sends_secret;
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
        a407_event_note(
            e, a407_credential_refused(e, o->ours, o->cred_index, o->edition),
            NULL);
    else if (current && p->state && a407_param_is(ch, "stale", "true"))
        p->scheme->init(p->state, ch);
    else if (current)
        a407_proxy_forget(p); /* the next one begins anew: was it stale? */
}

bool a407_may_be_marked(const struct a407_credential *c)
{
    return c->password || c->token;
}
