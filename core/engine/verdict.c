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
 * Any connection may end, and a kept one often ends just when it is used again.
 * But if two logins in a row come to that, the last one on a connection that
 * was fresh, or had just answered a leg, it may be how the proxy says no; and
 * each may count as a wrong login. Those under way together end together when
 * a proxy dies: they are one.
 */
bool a407_login_ended(struct a407_engine *e)
{
    struct a407_exchange *exchange = &e->exchange;
    struct a407_proxy *p = e->proxy;
    unsigned i = exchange->cred_index;
    bool alive = (exchange->reconnected && !exchange->on_kept) ||
                 (exchange->scheme->per_connection && exchange->legs > 1);
    if (exchange->leg || p->standing[i].worked ||
        exchange->edition != p->standing[i].edition ||
        exchange->ends != p->standing[i].ends ||
        ++p->standing[i].ends < ENDS_MAX || !alive)
        return false;
    p->standing[i].ends = 0;
    lock_out(e, exchange->scheme, i);
    exchange->tried[i] |= A407_SCHEME_BIT(exchange->scheme->id);
    return true;
}

/*
 * Returns the cause that it is. A ticket that is refused says nothing of the
 * password that it was got with: no mark for other processes.
 */
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

/*
 * Was somebody let in, and by this secret? A first message names nobody, and
 * what follows one that was enough carries nothing. Nor does a 401 tell: it may
 * be how the proxy refuses.
 */
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
    if (exchange->leg && status >= 400) {
        /* an error before any login: it says nothing of the scheme */
    } else if (exchange->scheme->per_connection) {
        e->authenticated = true;
        if (p->scheme != exchange->scheme ||
            p->cred_index != exchange->cred_index)
            a407_proxy_forget(p);
        p->scheme = exchange->scheme;
        p->carrier = exchange->carrier;
        p->cred_index = exchange->cred_index;
        if (e->ev)
            e->ev->mutual = exchange->mutual;
    } else if (exchange->state) {
        a407_proxy_forget(p);
        p->scheme = exchange->scheme;
        p->state = exchange->state;
        p->cred_index = exchange->cred_index;
        exchange->state = NULL;
    }
    if (proves_secret(e, status) && !exchange->scheme->sends_secret)
        p->hides = true;
    if (proves_secret(e, status) && !p->standing[exchange->cred_index].worked) {
        p->standing[exchange->cred_index].worked = true;
        a407_verdict_note(e, exchange->cred_index, true);
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

/* ---- what the client sent itself ---- */

static const struct a407_challenge *
same_scheme(const struct a407_challenges *offered, const char *scheme)
{
    for (size_t i = 0; i < offered->n; i++)
        if (a407_span_ieq(offered->item[i].scheme, scheme))
            return &offered->item[i];
    return NULL;
}

/*
 * A credential of ours that the client has just had refused is not sent once
 * more. Of Digest only the user can be compared: the same one counts as tried.
 */
void a407_exclude_clients_own(struct a407_engine *e,
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
    a407_scheme_set tried = same_scheme(offered, e->ev->client_scheme)
                                ? A407_ALL_SCHEMES
                                : A407_SCHEME_BIT(a407_scheme_from_name(
                                      a407_span_str(e->ev->client_scheme)));
    for (size_t i = 0; i < e->proxy->n_creds; i++) {
        const struct a407_credential *c = e->proxy->creds[i];
        if (basic ? a407_basic_is(list->item[0].token68, c)
                  : c->username && strcmp(c->username, e->ev->client_user) == 0)
            e->exchange.tried[i] = tried;
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

bool a407_client_is_stale(const struct a407_engine *e,
                          const struct a407_challenges *offered)
{
    const struct a407_challenge *c = same_scheme(offered, e->ev->client_scheme);
    return c && a407_param_is(c, "stale", "true");
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
