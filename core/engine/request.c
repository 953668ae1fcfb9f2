/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* The write side: what the program says to the proxy. */

static void begin(struct a407_engine *e, enum a407_writing head)
{
    /* An earlier request is still unanswered: from here on no 407 can be
       answered without sending others again. */
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

/*
 * Room for a body whose length is known, or for as much of it as may be kept:
 * a 407 often comes before the limit is reached.
 */
static void make_room(struct a407_engine *e, const struct a407_request *rq)
{
    if (rq->body != A407_BODY_LENGTH || e->pipelined || e->passive)
        return;
    size_t most = e->proxy->config->replay_max;
    a407_buf_expect(&e->request,
                    e->head_n +
                        (rq->length < most ? (size_t)rq->length : most));
}

/* The head is complete: a request is on its way. False: it is none that
   could be followed. */
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

/*
 * Takes head bytes. Returns how many of the n belong to this head.
 * When it turns out not to be a proxy's request, or too long, or memory runs
 * out (0 then), the engine forgets; the caller sees that in the state.
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

void a407_engine_release(struct a407_engine *e, bool ours)
{
    struct a407_exchange *exchange = &e->exchange;
    enum a407_copy how = !ours           ? A407_COPY_AS_IS
                         : exchange->leg ? A407_COPY_LEG
                                         : A407_COPY_OURS;
    bool copied = a407_head_copy(e, how);
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
    if (how == A407_COPY_LEG) {
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
