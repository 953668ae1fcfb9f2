/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* The write side: what the program says to the proxy, and what goes out. */

static void begin(struct a407_engine *e, enum a407_writing head)
{
    /* a repeat of the one before would mean to repeat this one, too */
    if (e->awaiting)
        e->pipelined = true;
    if (a407_engine_behind_connect(e)) {
        e->writing = A407_W_OPAQUE;
        return;
    }
    if (e->request.cap > 2 * A407_HEAD_MAX)
        a407_buf_free(&e->request); /* it held a body */
    a407_buf_clear(&e->request);
    e->writing = head;
    e->head_n = 0;
    e->head_from = 0;
    e->body_n = 0;
    e->overflow = false;
}

/* Room for a body whose length is known, or for as much of it as may be kept:
   a 407 often comes before that. */
static void make_room(struct a407_engine *e, const struct a407_request *rq)
{
    if (rq->body != A407_BODY_LENGTH || e->pipelined || e->passive)
        return;
    size_t most = e->proxy->config->replay_max;
    a407_buf_expect(&e->request,
                    e->head_n +
                        (rq->length < most ? (size_t)rq->length : most));
}

/* The head is complete. False: it is none that could be followed. */
static bool head_done(struct a407_engine *e)
{
    struct a407_request rq;
    if (!a407_request_recorded(e, &rq) || rq.form == A407_FORM_OTHER ||
        e->n_in_flight == A407_IN_FLIGHT_MAX) {
        a407_engine_forget(e);
        return false;
    }
    e->in_flight[e->n_in_flight++] = (struct a407_in_flight){
        .is_head = rq.is_head, .is_connect = rq.is_connect};
    e->awaiting++;
    e->rq_keep_alive = rq.keep_alive;
    e->sent_keep = rq.keep_alive;
    a407_body_init(&e->write_body, rq.body, rq.length);
    e->writing = e->write_body.done ? A407_W_START : A407_W_BODY;
    if (!e->pipelined) {
        a407_exchange_reset(e);
        e->exchange.sent_us = e->mono_us;
    }
    a407_event_request(e, &rq);
    make_room(e, &rq); /* the bytes move: rq points to nothing from here */
    if (e->state == A407_ST_FRESH || e->state == A407_ST_IDLE)
        a407_engine_move(e, A407_ST_WAIT);
    return true;
}

/* Takes head bytes; returns how many of the n belong to it. Where it is no
   request to a proxy, or too long, or memory runs out (0), the engine forgets.
 */
static size_t head_bytes(struct a407_engine *e, const char *p, size_t n)
{
    size_t before = e->request.n;
    size_t room = A407_HEAD_MAX - before;
    size_t take = n < room ? n : room;
    if (!a407_buf_add(&e->request, p, take)) {
        a407_engine_forget(e);
        return 0;
    }
    size_t end = a407_head_end(e->request.p, e->request.n, &e->head_from);
    enum a407_sniff is = a407_sniff_proxy_request(e->request.p, e->request.n);
    if (is == A407_SNIFF_NO || (!end && e->request.n >= A407_HEAD_MAX)) {
        a407_engine_forget(e);
        return take;
    }
    if (!end)
        return take;
    e->request.n = end;
    e->head_n = end;
    return end - before;
}

static void body_bytes(struct a407_engine *e, const char *p, size_t n)
{
    e->body_n += n;
    if (a407_engine_keeps_no_body(e))
        return;
    if (a407_buf_add(&e->request, p, n))
        return;
    e->overflow = true; /* what was kept is of no use any more */
    a407_buf_shrink(&e->request, e->head_n);
}

void a407_engine_wrote(struct a407_engine *e, const char *p, size_t n)
{
    while (n && e->state != A407_ST_FORGET) {
        size_t k = n;
        switch (e->writing) {
        case A407_W_START:
            begin(e, A407_W_HEAD);
            continue;
        case A407_W_OPAQUE:
            return;
        case A407_W_HEAD:
        case A407_W_HELD_HEAD:
            k = head_bytes(e, p, n);
            if (a407_engine_in_head(e) && e->head_n)
                head_done(e);
            break;
        case A407_W_BODY:
            k = a407_body_feed(&e->write_body, p, n);
            if (e->write_body.bad) {
                a407_engine_forget(e);
                return;
            }
            body_bytes(e, p, k);
            if (e->write_body.done)
                e->writing = A407_W_START;
        }
        p += k;
        n -= k;
    }
    e->since_us = e->mono_us;
}

/* ---- heads that go out ---- */

/* A head as it is, with our header, or for one leg of a handshake: that has no
   body, and keeps its connection whatever the program wants of it. */
enum copy { AS_IS, OURS, LEG };

static bool left_out(struct a407_span name, enum copy how)
{
    static const char leg[][20] = {
        "Content-Length", "Transfer-Encoding", "Trailer",   "Expect",
        "Connection",     "Proxy-Connection",  "Keep-Alive"};
    if (how != AS_IS && a407_span_ieq(name, "Proxy-Authorization"))
        return true;
    for (size_t i = 0; how == LEG && i < sizeof leg / sizeof leg[0]; i++)
        if (a407_span_ieq(name, leg[i]))
            return true;
    return false;
}

static void add_ours(struct a407_engine *e, enum copy how, const char *eol)
{
    struct a407_request rq;
    if (e->auth.n) {
        a407_buf_str(&e->output, "Proxy-Authorization: ");
        a407_buf_add(&e->output, e->auth.p, e->auth.n);
        a407_buf_str(&e->output, eol);
    }
    if (how != LEG || !a407_request_recorded(e, &rq))
        return;
    if (rq.body != A407_BODY_NONE)
        a407_buf_fmt(&e->output, "Content-Length: 0%s", eol);
    if (rq.minor == 0) /* RFC 9112 appendix C.2.2 */
        a407_buf_fmt(&e->output, "Connection: keep-alive%s", eol);
    a407_buf_fmt(&e->output, "Proxy-Connection: keep-alive%s", eol);
}

/* The recorded head, into e->output. False: out of memory. */
static bool head_copy(struct a407_engine *e, enum copy how)
{
    const char *p = e->request.p;
    size_t n = e->head_n, at = 0, done = 0;
    struct a407_field f;
    /* The line end before the head's blank line, as the program writes it. */
    size_t eol = n >= 2 && p[n - 2] == '\r' ? 2 : 1;
    size_t body = n - eol;
    while (a407_field_next(p, n, &at, &f)) {
        if (!left_out(f.name, how))
            continue;
        size_t start = (size_t)(f.line.p - p);
        a407_buf_add(&e->output, p + done, start - done);
        done = start + f.line.n;
    }
    a407_buf_add(&e->output, p + done, body - done);
    if (how != AS_IS)
        add_ours(e, how, "\r\n");
    return a407_buf_add(&e->output, p + body, eol);
}

bool a407_request_rewrite(struct a407_engine *e)
{
    bool leg = e->exchange.leg;
    bool as_is = e->exchange.course == A407_COURSE_ANEW;
    head_copy(e, leg ? LEG : as_is ? AS_IS : OURS);
    if (!leg)
        a407_buf_add(&e->output, e->request.p + e->head_n,
                     e->request.n - e->head_n);
    e->exchange.standin = leg;
    e->sent_keep = leg || e->rq_keep_alive;
    if (e->output.failed) {
        a407_buf_free(&e->output);
        return false;
    }
    if (!leg && e->exchange.legs > 1)
        e->exchange.proofs++;
    return true;
}

void a407_engine_release(struct a407_engine *e, bool ours)
{
    struct a407_exchange *exchange = &e->exchange;
    enum copy how = !ours ? AS_IS : exchange->leg ? LEG : OURS;
    bool copied = head_copy(e, how);
    a407_buf_free(&e->auth);
    e->since_us = e->mono_us;
    if (!copied) {
        a407_buf_free(&e->output); /* the driver leaves nothing else in it */
        a407_engine_unhold(e);
        a407_engine_forget(e);
        return;
    }
    if (!ours)
        return;
    /* Pipelined ones have no part in the exchange at the front. */
    struct a407_in_flight *last = &e->in_flight[e->n_in_flight - 1];
    struct a407_proxy *p = e->proxy;
    bool own =
        (exchange->course == A407_COURSE_OURS && !e->pipelined) || !p->scheme;
    last->ours = own ? exchange->scheme : p->scheme;
    last->cred_index = own ? exchange->cred_index : p->cred_index;
    last->edition =
        own ? exchange->edition : p->standing[p->cred_index].edition;
    if (how == LEG) {
        /* its answer is not the program's */
        exchange->standin = true;
        exchange->on_kept = true;
        exchange->retries = 1;
        e->sent_keep = true;
    }
}

/* A held head is complete: it goes out, with our header if one fits. */
static void release(struct a407_engine *e)
{
    if (!head_done(e))
        return; /* it goes out as it is */
    struct a407_request rq;
    bool own = a407_request_recorded(e, &rq) && rq.n_proxy_authorization;
    enum a407_try t = own ? A407_TRY_NONE : a407_engine_preempt(e);
    if (t == A407_TRY_ASK)
        a407_ask_begin(e, A407_AFTER_HELD);
    else
        a407_engine_release(e, t == A407_TRY_READY);
}

size_t a407_engine_hold(struct a407_engine *e, const char *p, size_t n)
{
    if (e->state == A407_ST_FORGET)
        return 0;
    if (e->writing == A407_W_START)
        begin(e, A407_W_HELD_HEAD);
    size_t k = head_bytes(e, p, n);
    if (e->writing == A407_W_HELD_HEAD && e->head_n)
        release(e);
    return k;
}

void a407_engine_let_out(struct a407_engine *e)
{
    if (e->writing != A407_W_HELD_HEAD || e->state == A407_ST_FORGET)
        return;
    bool own = !e->output.n;
    if (!a407_buf_add(&e->output, e->request.p, e->request.n)) {
        a407_buf_free(&e->output);
        a407_engine_forget(e);
        return;
    }
    e->output_is_own = e->output_is_own || own;
    e->writing = A407_W_HEAD;
    e->since_us = e->mono_us;
}
