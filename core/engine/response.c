/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "internal.h"

/* The read side: what the proxy answers. */

static void begin_deliver(struct a407_engine *e)
{
    /* Behind a leg the proxy would take the body for a request. */
    if (e->exchange.standin && e->writing == A407_W_BODY &&
        a407_engine_active(e)) {
        a407_engine_deliver_saved_407(
            e, "no answer to the handshake that could be read");
        return;
    }
    a407_buf_clear(&e->response);
    e->response_from = 0;
    e->head = A407_HEAD_UNSEEN;
    a407_engine_move(e, A407_ST_DELIVER);
}

void a407_engine_no_answer(struct a407_engine *e, const char *why)
{
    bool ours = e->exchange.retries > 0 && a407_engine_active(e);
    bool body_out = e->body_n && !e->exchange.standin;
    /* What a body may have set going is not hidden behind a 407. */
    if (ours && e->saved_407.n && !body_out) {
        a407_engine_deliver_saved_407(
            e, why ? why : "no answer to the repeated request");
        return;
    }
    begin_deliver(e); /* the program reads the end itself */
}

void a407_engine_ended_early(struct a407_engine *e)
{
    bool login = a407_engine_retrying(e);
    bool refused =
        login && e->exchange.course == A407_COURSE_OURS && a407_login_ended(e);
    if (login && e->exchange.on_kept && a407_engine_again(e))
        return;
    a407_engine_no_answer(e, refused
                                 ? "the connection ended behind the login, for "
                                   "the second time: it counts as refused"
                                 : NULL);
}

void a407_engine_compare(struct a407_engine *e)
{
    struct a407_exchange *exchange = &e->exchange;
    if (exchange->silent_us && e->state == A407_ST_WAIT && !e->output.n &&
        e->mono_us - exchange->sent_us >= exchange->silent_us)
        e->proxy->no_reuse = false;
    exchange->silent_us = 0;
}

static void settle(struct a407_engine *e, const char *p, size_t n);

/* Does the program wait for an end that does not come, since the leg asked for
   keep-alive? What is long, or may have changed something, is not repeated. */
static bool ends_otherwise(const struct a407_engine *e,
                           const struct a407_response *r)
{
    struct a407_request rq;
    bool brief = r->body == A407_BODY_NONE ||
                 (r->body == A407_BODY_LENGTH &&
                  r->length <= A407_KEEP_MAX - A407_HEAD_MAX);
    return r->keep_alive && !e->rq_keep_alive && brief &&
           a407_request_recorded(e, &rq) &&
           (rq.is_head || a407_span_eq(rq.method, "GET"));
}

/* A proxy that lets in whoever begins a handshake has answered the leg, not the
   request with its body. That goes out now, without a header. */
static void swallow(struct a407_engine *e, size_t head,
                    const struct a407_response *r)
{
    struct a407_exchange *exchange = &e->exchange;
    a407_event_attempt_status(e, r->status);
    if (r->keep_alive && !e->authenticated) {
        e->authenticated = true;
        exchange->swallowed = r->status >= 400;
        a407_exchange_drop_state(exchange);
        exchange->leg = false;
        exchange->belongs = A407_BELONGS_HERE;
        a407_buf_free(&e->auth);
        a407_engine_drain(e, head, r);
        return;
    }
    /* The program can't be given this answer: what is kept, or the end. */
    a407_engine_deliver_saved_407(e, "the proxy took the first message of the "
                                     "handshake for the whole request");
}

/* An answer that is no 407, to a request that carried a handshake: its head
   must be whole. False: not yet, or it is not for the program. */
static bool look_closer(struct a407_engine *e, const char *p, size_t n,
                        bool end)
{
    struct a407_exchange *exchange = &e->exchange;
    bool has_body = e->writing == A407_W_BODY || e->body_n;
    if (exchange->course != A407_COURSE_OURS ||
        !exchange->scheme->per_connection || exchange->proved)
        return true;
    size_t from = 0, head = a407_head_end(p, n, &from);
    struct a407_response r;
    if (!head) {
        e->need = n + 1;
        return end || n >= A407_HEAD_MAX;
    }
    if (!a407_answer_parse(e, p, head, &r))
        return true;
    if (exchange->standin && (has_body || ends_otherwise(e, &r))) {
        swallow(e, head, &r);
        return false;
    }
    if (!a407_ask_for_proof(e, p, head))
        return true;
    a407_ask_begin(e, A407_AFTER_LOOK);
    return false;
}

/* Who hands a 1xx on may be out of the way by then. But a CONNECT is not handed
   on, and a 100 that was asked for (RFC 9110 section 10.1.1) may be the
   proxy's own. */
static void note_interim(struct a407_engine *e, const char *p, size_t n)
{
    struct a407_request rq;
    struct a407_response r;
    bool asked = a407_request_recorded(e, &rq) && rq.expect_continue &&
                 a407_response_parse(p, n, false, false, &r) && r.status == 100;
    if (!asked && !e->in_flight[0].is_connect && e->whose == A407_WHOSE_PROXYS)
        e->whose = A407_WHOSE_INTERIM;
}

void a407_engine_peeked(struct a407_engine *e, const char *p, size_t n,
                        bool end)
{
    if (e->state == A407_ST_FRESH || e->state == A407_ST_IDLE) {
        /* a server that speaks first, or twice */
        if (n || end)
            a407_engine_delivered_end(e);
        return;
    }
    if (e->state != A407_ST_WAIT)
        return;
    if (!n) {
        if (end)
            a407_engine_ended_early(e);
        return;
    }
    a407_engine_compare(e);
    if (e->exchange.course == A407_COURSE_OURS && !e->exchange.leg)
        e->proxy->standing[e->exchange.cred_index].ends = 0;
    enum a407_sniff is = a407_sniff_407(p, n);
    if (is == A407_SNIFF_NO) {
        if (!look_closer(e, p, n, end))
            return;
        begin_deliver(e);
        if (e->state == A407_ST_DELIVER)
            settle(e, p, n);
        return;
    }
    size_t from = 0;
    size_t head = is == A407_SNIFF_MAYBE ? 0 : a407_head_end(p, n, &from);
    if (!head) {
        e->need = n + 1;
        if (!end && n < A407_HEAD_MAX)
            return;
        if (is == A407_SNIFF_YES)
            a407_engine_unreadable_407(e, a407_span(p, n),
                                       end ? "the 407 ended within its head"
                                           : "the head of the 407 is too long");
        begin_deliver(e);
    } else if (is == A407_SNIFF_INTERIM) {
        note_interim(e, p, head);
        e->interim_left = head;
        e->interim = A407_INTERIM_UNREAD;
        a407_engine_move(e, A407_ST_INTERIM);
    } else {
        e->shown = a407_span(p + head, n - head);
        a407_engine_on_407(e, p, head);
        e->shown.n = 0;
        if (e->state == A407_ST_WAIT)
            begin_deliver(e);
    }
}

static void answer_over(struct a407_engine *e)
{
    if (e->n_in_flight) {
        memmove(e->in_flight, e->in_flight + 1,
                (e->n_in_flight - 1) * sizeof e->in_flight[0]);
        e->n_in_flight--;
    }
    a407_engine_move(e, e->n_in_flight ? A407_ST_WAIT : A407_ST_IDLE);
    if (e->n_in_flight)
        return;
    e->pipelined = false;
    a407_exchange_reset(e);
}

/* A 407 that only passes by: no retry is possible. */
static void on_watched_407(struct a407_engine *e, const char *p, size_t n)
{
    struct a407_challenges *offered = a407_challenges_new();
    if (!offered)
        return;
    a407_challenges_parse(p, n, "Proxy-Authenticate", offered);
    bool first = !e->ev;
    if (first)
        a407_event_begin(e, offered, a407_span(p, n));
    if (!e->passive)
        a407_engine_passed_407(e, offered);
    bool goes_on = first && a407_client_goes_on(e, offered);
    a407_challenges_free(offered);
    if (goes_on) {
        a407_event_drop(e);
        return;
    }
    enum a407_outcome outcome = A407_NOT_RETRIED;
    bool own = e->ev && e->ev->client_sent;
    if (!e->proxy->configured)
        a407_event_note(e, own ? e->ev->cause : A407_CAUSE_NOT_CONFIGURED,
                        own ? "auth407 was not told about this proxy" : NULL);
    else if (e->passive)
        outcome = A407_OBSERVED;
    else if (e->ev && e->ev->n_attempts)
        outcome = A407_UNRESOLVED;
    if (e->listening)
        e->ev->outcome = outcome;
    else
        a407_event_finish(e, outcome, 407);
}

bool a407_engine_listens(const struct a407_engine *e)
{
    return e->listening;
}

void a407_engine_words(struct a407_engine *e, const char *p, size_t n)
{
    if (e->listening && e->state == A407_ST_DELIVER &&
        e->head == A407_HEAD_READ)
        a407_event_page(e, a407_span(p, n));
    a407_event_heard(e);
}

/* The answer that the program reads: its head is complete. */
static void on_head(struct a407_engine *e, const char *p, size_t n,
                    const struct a407_response *r)
{
    struct a407_exchange *exchange = &e->exchange;
    bool ours = exchange->course == A407_COURSE_OURS;
    a407_event_heard(e);
    if (ours)
        a407_event_attempt_status(e, r->status);
    /* A 401 to a CONNECT is the proxy's; any other may be an origin's. */
    if (ours && r->status == 401 && e->in_flight[0].is_connect)
        a407_engine_refused(e);
    else if (ours && r->status != 407 &&
             (r->status != 401 || !a407_engine_maybe_refused(e, p, n)))
        a407_engine_accepted(e, r->status, p, n);
    bool decided = exchange->course == A407_COURSE_DECIDED;
    if (r->status == 407 && !decided)
        on_watched_407(e, p, n);
    else if (e->ev)
        a407_event_finish(e, decided ? e->ev->outcome : A407_RESOLVED,
                          r->status);
    else if (r->status != 407)
        a407_event_plain(e, r->status);
    /* Those that follow in a pipeline have no part in it. */
    exchange->course = A407_COURSE_PROGRAMS;
}

/* The queue shows the head of the answer whole. What it means is settled now,
   for the program may never read it to its end. */
static void settle(struct a407_engine *e, const char *p, size_t n)
{
    size_t from = 0, head = a407_head_end(p, n, &from);
    struct a407_response r;
    if (!head || !a407_answer_parse(e, p, head, &r))
        return;
    e->shown = a407_span(p + head, n - head);
    on_head(e, p, head, &r);
    e->shown.n = 0;
    e->head = A407_HEAD_SEEN;
}

void a407_engine_rest(struct a407_engine *e, const char *p, size_t n)
{
    size_t room = A407_HEAD_MAX - e->response.n, from = 0;
    if (!a407_engine_wants_rest(e) ||
        !a407_buf_add(&e->response, p, n < room ? n : room))
        return;
    size_t end = a407_head_end(e->response.p, e->response.n, &from);
    if (end)
        e->response.n = end;
}

void a407_engine_partly_read(struct a407_engine *e)
{
    if (a407_engine_wants_rest(e))
        on_watched_407(e, e->response.p, e->response.n);
}

/* Takes head bytes; returns how many of the n belong to it. */
static size_t deliver_head(struct a407_engine *e, const char *p, size_t n)
{
    size_t before = e->response.n;
    size_t room = A407_HEAD_MAX - before;
    size_t take = n < room ? n : room;
    a407_buf_add(&e->response, p, take);
    size_t end =
        e->response.failed
            ? 0
            : a407_head_end(e->response.p, e->response.n, &e->response_from);
    if (!end && !e->response.failed && e->response.n < A407_HEAD_MAX)
        return take;
    struct a407_response r;
    if (!end || !e->n_in_flight ||
        !a407_answer_parse(e, e->response.p, end, &r)) {
        a407_engine_partly_read(e);
        a407_engine_forget(e);
        return take;
    }
    if (r.status >= 100 && r.status < 200 && r.status != 101) {
        note_interim(e, e->response.p, end);
        a407_buf_clear(&e->response);
        e->response_from = 0;
        return end - before;
    }
    e->whose = A407_WHOSE_ANSWERED;
    if (e->awaiting)
        e->awaiting--;
    e->shown = a407_span(p + (end - before), n - (end - before));
    if (e->head != A407_HEAD_SEEN)
        on_head(e, e->response.p, end, &r);
    e->shown.n = 0;
    e->head = A407_HEAD_READ;
    bool tunnel =
        (e->in_flight[0].is_connect && r.status / 100 == 2) || r.status == 101;
    a407_body_init(&e->read_body, r.body, r.length);
    a407_buf_free(&e->response);
    /* OPAQUE: refused, with bytes for the tunnel on their way already. */
    if (tunnel || e->writing == A407_W_OPAQUE)
        a407_engine_forget(e);
    return end - before;
}

static size_t deliver_some(struct a407_engine *e, const char *p, size_t n)
{
    size_t k = e->head == A407_HEAD_READ ? a407_body_feed(&e->read_body, p, n)
                                         : deliver_head(e, p, n);
    if (e->state == A407_ST_FORGET || e->head != A407_HEAD_READ)
        return k;
    if (e->read_body.bad)
        a407_engine_forget(e);
    else if (e->read_body.done)
        answer_over(e);
    return k;
}

static size_t interim_bytes(struct a407_engine *e, size_t n)
{
    size_t k = n < e->interim_left ? n : e->interim_left;
    e->interim_left -= k;
    if (e->interim == A407_INTERIM_UNREAD)
        e->interim = A407_INTERIM_READ;
    if (!e->interim_left)
        a407_engine_move(e, A407_ST_WAIT);
    return k;
}

bool a407_engine_behind(struct a407_engine *e, const char *p, size_t n)
{
    size_t at = e->interim_left, head = 1;
    enum a407_sniff is = A407_SNIFF_INTERIM;
    if (!a407_engine_wants_behind(e))
        return false;
    while (is == A407_SNIFF_INTERIM && head && at < n) {
        size_t from = 0;
        is = a407_sniff_407(p + at, n - at);
        head =
            is == A407_SNIFF_MAYBE ? 0 : a407_head_end(p + at, n - at, &from);
        if (is == A407_SNIFF_INTERIM)
            at += head;
    }
    if (is != A407_SNIFF_YES || !head)
        return false;
    e->interim_left = at;
    e->interim = A407_INTERIM_OURS;
    return true;
}

void a407_engine_delivered(struct a407_engine *e, const char *p, size_t n)
{
    while (n && e->state != A407_ST_FORGET) {
        size_t k = n;
        switch (e->state) {
        case A407_ST_INTERIM:
            k = interim_bytes(e, n);
            break;
        case A407_ST_WAIT:
            begin_deliver(e);
            /* fall through */
        case A407_ST_DELIVER:
            k = deliver_some(e, p, n);
            break;
        default:
            /* a server that speaks first, or twice: not what we know */
            a407_engine_forget(e);
        }
        p += k;
        n -= k;
    }
}

void a407_engine_delivered_end(struct a407_engine *e)
{
    a407_engine_partly_read(e);
    a407_event_cut(e, "the connection ended before the final answer");
    a407_engine_forget(e);
}

void a407_engine_consumed(struct a407_engine *e, const char *p, size_t n,
                          bool end)
{
    if (e->state == A407_ST_INTERIM && n) {
        interim_bytes(e, n);
    } else if (e->state == A407_ST_INTERIM) {
        /* it was seen whole, but a reset has thrown it away */
        a407_engine_move(e, A407_ST_WAIT);
        a407_engine_ended_early(e);
    }
    if (e->state != A407_ST_DRAIN)
        return;
    e->drained += n;
    bool fits = e->exchange.keep_first ? e->drained <= A407_KEEP_MAX
                                       : a407_buf_add(&e->saved_407, p, n);
    size_t head = n < e->drain_head ? n : e->drain_head;
    e->drain_head -= head;
    a407_body_feed(&e->drain_body, p + head, n - head);
    if (!e->drain_head && e->drain_body.done) {
        a407_engine_repeat(e);
    } else if (end || !fits || e->drain_body.bad) {
        /* cut off, too long to wait for, or broken */
        e->saved_407.failed = false;
        a407_engine_cut_short(e);
    }
}
