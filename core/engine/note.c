/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/record/redact.h"
#include "internal.h"

/* Filling the record of an exchange. */

/* ---- what was before ---- */

static uint64_t request_hash(const char *method, const char *target)
{
    uint64_t h = A407_HASH_START;
    while (*method)
        h = a407_hash_byte(h, (unsigned char)*method++);
    while (*target)
        h = a407_hash_byte(h, (unsigned char)*target++);
    return h;
}

static struct a407_left *find_left(struct a407_history *past, uint64_t hash)
{
    for (size_t i = 0; i < A407_LEFT_MAX; i++)
        if (past->left[i].resends && past->left[i].hash == hash)
            return &past->left[i];
    return NULL;
}

/* The program reads a 407: it may repeat that request with a header. */
static void leave(struct a407_history *past, const struct a407_event *ev)
{
    if (!ev->method[0])
        return;
    uint64_t hash = request_hash(ev->method, ev->target);
    struct a407_left *l = find_left(past, hash);
    if (!l)
        l = &past->left[past->left_next++ % A407_LEFT_MAX];
    *l = (struct a407_left){hash, ev->resend_count + 1};
}

void a407_event_request(struct a407_engine *e, const struct a407_request *rq)
{
    char method[sizeof e->ev->method], target[sizeof e->ev->target];
    bool sent = rq->n_proxy_authorization;
    e->exchange.sent_before = e->client_sent            ? A407_SENT_CONNECTION
                              : e->history->client_sent ? A407_SENT_PROGRAM
                                                        : A407_SENT_NEVER;
    e->exchange.resends = 0;
    e->exchange.unheeded = false;
    e->client_sent |= sent;
    e->history->client_sent |= sent;
    if (!e->history->left_next)
        return; /* no 407 was left to the program */
    a407_put(method, sizeof method, rq->method);
    a407_url_redact(rq->target, target, sizeof target);
    struct a407_left *l = find_left(e->history, request_hash(method, target));
    e->exchange.unheeded = l && !sent;
    e->history->answers |= l && sent;
    if (l && sent)
        e->exchange.resends = l->resends;
}

/* ---- beginning ---- */

static void put_request(struct a407_engine *e, struct a407_event *ev)
{
    struct a407_request rq;
    /* Of pipelined requests only the last one is on record. */
    if (e->n_in_flight != 1 || !a407_request_recorded(e, &rq))
        return;
    a407_put(ev->method, sizeof ev->method, rq.method);
    a407_url_redact(rq.target, ev->target, sizeof ev->target);
    ev->sent_before = e->exchange.sent_before;
    ev->resend_count = e->exchange.resends;
    if (rq.n_proxy_authorization)
        a407_event_set_client(ev, rq.proxy_authorization);
}

static struct a407_event *new_event(struct a407_engine *e)
{
    if (e->ev)
        return NULL; /* the exchange has its record */
    struct a407_event *ev = calloc(1, sizeof *ev);
    if (!ev)
        return NULL;
    ev->time_us = e->wall_us;
    ev->proxy = e->proxy->endpoint;
    memcpy(ev->peer, e->peer, sizeof ev->peer);
    ev->source_port = e->local_port;
    ev->cause = A407_CAUSE_NONE;
    put_request(e, ev);
    e->ev = ev;
    return ev;
}

static void hide_request(struct a407_engine *e)
{
    struct a407_request rq;
    if (a407_request_recorded(e, &rq))
        a407_event_hide_request(e->ev, a407_span(e->request.p, e->head_n),
                                rq.target);
}

void a407_event_words(struct a407_engine *e, struct a407_span head,
                      struct a407_span body)
{
    if (!e->ev || !head.n)
        return;
    a407_event_set_words(e->ev, head, body);
    hide_request(e);
}

bool a407_event_begin(struct a407_engine *e,
                      const struct a407_challenges *offered,
                      struct a407_span head)
{
    struct a407_event *ev = new_event(e);
    if (!ev)
        return false;
    ev->status = 407;
    ev->outcome = A407_UNRESOLVED;
    a407_event_set_answer(ev, head);
    e->listening = a407_event_set_words(ev, head, e->shown) && e->passive;
    if (offered) {
        size_t from = 0;
        bool whole = a407_head_end(head.p, head.n, &from) > 0;
        a407_event_set_challenges(ev, offered);
        ev->cause =
            a407_cause_of(e->proxy, ev, whole || offered->n ? offered : NULL);
    }
    hide_request(e);
    return true;
}

void a407_event_plain(struct a407_engine *e, int status)
{
    /* No success is a 401, which may be how a proxy refuses; and of pipelined
       requests nobody can tell which one this answers. */
    bool answered = e->exchange.resends && status != 401 && !e->pipelined;
    if (!answered && e->proxy->config->log_level != A407_LOG_REQUEST)
        return;
    if (!new_event(e))
        return;
    e->ev->status = status;
    if (answered) {
        struct a407_left *l =
            find_left(e->history, request_hash(e->ev->method, e->ev->target));
        if (l)
            l->resends = 0;
        e->ev->cause = A407_CAUSE_BY_CLIENT;
    }
    a407_event_finish(e, answered ? A407_RESOLVED : A407_OBSERVED, status);
}

/* ---- attempts ---- */

/* The last one, if it is out and has no answer yet; or NULL. */
static struct a407_event_attempt *unanswered(struct a407_event *ev)
{
    struct a407_event_attempt *a =
        ev && ev->n_attempts ? &ev->attempts[ev->n_attempts - 1] : NULL;
    return a && !a->status && a->cause == A407_CAUSE_NONE ? a : NULL;
}

void a407_engine_local_port(struct a407_engine *e, uint16_t port)
{
    struct a407_event_attempt *a = unanswered(e->ev);
    e->local_port = port;
    if (a)
        a->source_port = port; /* it goes out from there */
}

/* Who is to log in. A token (Bearer) says that for itself. */
static void put_user(struct a407_engine *e, const struct a407_scheme *scheme,
                     const struct a407_credential *c, char *out, size_t cap)
{
    bool ticket = scheme->secret == A407_SECRET_TICKET;
    bool known =
        ticket && scheme == e->exchange.scheme && e->exchange.principal[0];
    const char *name = known ? e->exchange.principal : c->username;
    if (name && name[0] && scheme->secret != A407_SECRET_TOKEN)
        a407_put_user(out, cap, a407_span_str(name),
                      ticket || (c->password && c->password[0]));
}

static struct a407_event_attempt *add_attempt(struct a407_engine *e,
                                              const struct a407_scheme *scheme,
                                              unsigned cred_index)
{
    struct a407_event *ev = e->ev;
    if (!ev || ev->n_attempts >= A407_EVENT_ATTEMPTS)
        return NULL;
    struct a407_event_attempt *a = &ev->attempts[ev->n_attempts++];
    const struct a407_credential *c = e->proxy->creds[cred_index];
    *a = (struct a407_event_attempt){.leg = 1};
    a407_put(a->scheme, sizeof a->scheme,
             a407_span_str(a407_scheme_name(scheme->id)));
    a407_put(a->credential, sizeof a->credential,
             a407_span_str(a407_facts_label(e->proxy, c, ev)));
    put_user(e, scheme, c, a->username, sizeof a->username);
    return a;
}

void a407_event_attempt(struct a407_engine *e, const struct a407_scheme *scheme,
                        unsigned cred_index, bool stale)
{
    struct a407_event_attempt *a = add_attempt(e, scheme, cred_index);
    if (!a)
        return;
    a->stale = stale;
    a->source_port = e->local_port;
    if (scheme->per_connection && scheme == e->exchange.scheme &&
        e->exchange.legs)
        a->leg = e->exchange.legs;
}

void a407_event_attempt_anew(struct a407_engine *e)
{
    const struct a407_exchange *exchange = &e->exchange;
    const struct a407_event_attempt *a = unanswered(e->ev);
    bool same =
        a && strcmp(a->scheme, a407_scheme_name(exchange->scheme->id)) == 0;
    if (!same || (exchange->scheme->per_connection && a->leg != exchange->legs))
        a407_event_attempt(e, exchange->scheme, exchange->cred_index, false);
}

void a407_event_attempt_failed(struct a407_engine *e, enum a407_cause cause,
                               const char *detail)
{
    struct a407_event_attempt *a =
        add_attempt(e, e->exchange.scheme, e->exchange.cred_index);
    if (!a)
        return;
    a->cause = cause == A407_CAUSE_NONE ? A407_CAUSE_PROTOCOL : cause;
    a407_put(a->detail, sizeof a->detail, a407_span_str(detail));
}

void a407_event_attempt_undo(struct a407_engine *e)
{
    if (unanswered(e->ev))
        e->ev->n_attempts--;
}

/* The last one that was sent, or NULL. */
static struct a407_event_attempt *last_sent(struct a407_event *ev)
{
    size_t n = ev->n_attempts;
    while (n && ev->attempts[n - 1].cause != A407_CAUSE_NONE)
        n--;
    return n ? &ev->attempts[n - 1] : NULL;
}

void a407_event_attempt_status(struct a407_engine *e, int status)
{
    struct a407_event_attempt *a = e->ev ? last_sent(e->ev) : NULL;
    if (!a || a->status)
        return; /* that one has been answered: what is in flight is none */
    a->status = status;
    a->duration_us = e->mono_us - e->exchange.sent_us;
    a->reconnected = e->exchange.reconnected && !e->exchange.on_kept;
}

/* ---- why ---- */

void a407_event_note(struct a407_engine *e, enum a407_cause cause,
                     const char *detail)
{
    struct a407_event *ev = e->ev;
    if (!ev)
        return;
    const struct a407_event_attempt *a = last_sent(ev);
    /* Kerberos is what breaks when clocks differ. */
    if (a &&
        (cause == A407_CAUSE_REJECTED || cause == A407_CAUSE_REJECTED_LATER) &&
        (a407_ticket_schemes() &
         A407_SCHEME_BIT(a407_scheme_from_name(a407_span_str(a->scheme)))) &&
        a407_clocks_differ(ev))
        cause = A407_CAUSE_CLOCK_SKEW;
    /* Words belong to the cause that they were said for. */
    if (detail || cause != ev->cause)
        a407_put(ev->detail, sizeof ev->detail, a407_span_str(detail));
    ev->cause = cause;
}

/* ---- the end ---- */

/* A refusal is often more than that, by the proxy's own words or by what is
   known of the credential. */
static void split_refusal(struct a407_event *ev)
{
    char shown[sizeof ev->said_words], detail[sizeof ev->detail];
    bool ours = ev->cause == A407_CAUSE_REJECTED ||
                ev->cause == A407_CAUSE_REJECTED_LATER;
    if (ev->said != A407_CAUSE_NONE &&
        (ours || ev->cause == A407_CAUSE_CLIENT_REJECTED ||
         ev->cause == A407_CAUSE_NO_CHALLENGE ||
         (ev->cause == A407_CAUSE_NO_CREDENTIAL &&
          ev->said == A407_CAUSE_ADDRESS))) {
        a407_redact_arg(NULL, ev->said_words, shown, sizeof shown);
        const char *const parts[] = {"the proxy says: ", shown,
                                     ev->detail[0] ? "; " : "", ev->detail};
        for (size_t i = 0, n = 0; i < 4; i++, n = strlen(detail))
            a407_put(detail + n, sizeof detail - n, a407_span_str(parts[i]));
        a407_put(ev->detail, sizeof ev->detail, a407_span_str(detail));
        ev->cause = ev->said;
    } else if (ours && ev->lint & A407_LINT_BIT(A407_LINT_EXPIRED)) {
        ev->cause = A407_CAUSE_ACCOUNT_EXPIRED;
    }
}

void a407_event_finish(struct a407_engine *e, enum a407_outcome outcome,
                       int final_status)
{
    struct a407_event *ev = e->ev;
    if (!ev)
        return;
    e->listening = false;
    /* Where nothing could be sent, nothing was tried. */
    if (outcome == A407_UNRESOLVED && ev->n_attempts && !last_sent(ev))
        outcome = A407_NOT_RETRIED;
    ev->outcome = outcome;
    ev->final_status = final_status;
    if (!ev->detail[0])
        a407_facts(e->proxy, ev);
    a407_facts_lint(e->proxy, ev);
    split_refusal(ev);
    a407_event_hide_ours(ev, e->proxy);
    if (final_status == 407)
        leave(e->history, ev);
    if (e->n_done == A407_IN_FLIGHT_MAX)
        a407_event_drop(e); /* nobody fetches them */
    else
        e->done[e->n_done++] = ev;
    e->ev = NULL;
}

void a407_event_page(struct a407_engine *e, struct a407_span body)
{
    a407_event_set_page(e->ev, e->read_body, body);
    hide_request(e);
}

void a407_event_heard(struct a407_engine *e)
{
    if (e->listening)
        a407_event_finish(e, e->ev->outcome, 407);
}

void a407_event_cut(struct a407_engine *e, const char *detail)
{
    a407_event_heard(e);
    if (e->exchange.course == A407_COURSE_DECIDED && e->ev) {
        a407_event_finish(e, e->ev->outcome, e->ev->status);
        return;
    }
    a407_event_note(e, A407_CAUSE_PROTOCOL, detail);
    a407_event_finish(e, A407_UNRESOLVED, 0);
}

void a407_event_drop(struct a407_engine *e)
{
    free(e->ev);
    e->ev = NULL;
    e->listening = false;
}
