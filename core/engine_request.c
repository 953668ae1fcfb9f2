/* SPDX-License-Identifier: MIT */
#include "engine_int.h"

/* The write side: what the program says to the proxy. */

/* Does a tunnel begin here, if the proxy agrees to it? Nothing that is written
   now may get a header. */
static bool behind_connect(const struct a407_engine *e)
{
    return e->awaiting && e->q[e->q_n - 1].is_connect;
}

enum a407_write_mode a407_engine_write_mode(const struct a407_engine *e)
{
    if (e->st == A407_ST_FORGET) /* what was held goes out first */
        return e->out.n ? A407_WRITE_HOLD : A407_WRITE_FORGET;
    if (e->w == A407_W_HEAD)
        return e->hold ? A407_WRITE_HOLD : A407_WRITE_PASS;
    if (e->w == A407_W_START && !e->passive && e->proxy->scheme &&
        !behind_connect(e))
        return A407_WRITE_HOLD;
    return A407_WRITE_PASS;
}

bool a407_engine_watch_while_writing(const struct a407_engine *e)
{
    return (e->st == A407_ST_WAIT || e->st == A407_ST_DRAIN) &&
           a407_engine_active(e) && e->w == A407_W_BODY;
}

bool a407_engine_unanswered(const struct a407_engine *e)
{
    return (e->st == A407_ST_WAIT || e->st == A407_ST_DRAIN) &&
           e->w == A407_W_START && a407_engine_active(e);
}

bool a407_engine_request_open(const struct a407_engine *e)
{
    return e->w == A407_W_HEAD || e->w == A407_W_BODY;
}

bool a407_request_recorded(const struct a407_engine *e, struct a407_request *rq)
{
    return e->head_n &&
           a407_request_parse(e->rec.p, e->head_n, rq) == A407_PARSE_OK;
}

static void begin(struct a407_engine *e, bool hold)
{
    /* An earlier request is still unanswered: from here on no 407 can be
       answered without sending others again. */
    if (e->awaiting)
        e->pipelined = true;
    if (behind_connect(e)) {
        e->w = A407_W_OPAQUE;
        return;
    }
    if (e->rec.cap > 2 * A407_HEAD_MAX)
        a407_buf_free(&e->rec); /* it held a body */
    a407_buf_clear(&e->rec);
    e->w = A407_W_HEAD;
    e->hold = hold;
    e->head_n = 0;
    e->head_from = 0;
    e->body_n = 0;
    e->overflow = false;
}

static bool copy_head(struct a407_engine *e, bool with_ours)
{
    const char *p = e->rec.p;
    size_t n = e->head_n, at = 0, done = 0;
    struct a407_field f;
    /* The line end before the head's blank line, as the program writes it. */
    size_t eol = n >= 2 && p[n - 2] == '\r' ? 2 : 1;
    size_t body = n - eol;
    while (a407_field_next(p, n, &at, &f)) {
        if (!with_ours || !a407_span_ieq(f.name, "Proxy-Authorization"))
            continue;
        size_t start = (size_t)(f.line.p - p);
        a407_buf_add(&e->out, p + done, start - done);
        done = start + f.line.n;
    }
    a407_buf_add(&e->out, p + done, body - done);
    if (with_ours) {
        a407_buf_str(&e->out, "Proxy-Authorization: ");
        a407_buf_add(&e->out, e->auth.p, e->auth.n);
        a407_buf_add(&e->out, "\r\n", 2);
    }
    return a407_buf_add(&e->out, p + body, eol);
}

bool a407_request_rewrite(struct a407_engine *e)
{
    copy_head(e, true);
    a407_buf_add(&e->out, e->rec.p + e->head_n, e->rec.n - e->head_n);
    if (!e->out.failed)
        return true;
    a407_buf_free(&e->out);
    return false;
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
    a407_buf_reserve(
        &e->rec, e->head_n + (rq->length < most ? (size_t)rq->length : most));
}

/* The head is complete in rec: a request is on its way. False: it is none that
   could be followed. */
static bool head_done(struct a407_engine *e)
{
    struct a407_request rq;
    if (!a407_request_recorded(e, &rq) || rq.form == A407_FORM_OTHER ||
        e->q_n == A407_OUTSTANDING_MAX) {
        a407_engine_forget(e);
        return false;
    }
    e->q[e->q_n++] = (struct a407_outstanding){.is_head = rq.is_head,
                                               .is_connect = rq.is_connect};
    e->awaiting++;
    e->rq_keep_alive = rq.keep_alive;
    a407_body_init(&e->w_body, rq.body, rq.length);
    make_room(e, &rq);
    e->w = e->w_body.done ? A407_W_START : A407_W_BODY;
    if (!e->pipelined) {
        a407_exchange_reset(e);
        e->x.sent_us = e->mono_us;
    }
    if (e->st == A407_ST_FRESH || e->st == A407_ST_IDLE)
        a407_engine_move(e, A407_ST_WAIT);
    return true;
}

/*
 * Takes head bytes into rec. Returns how many of the n belong to this head.
 * When it turns out not to be a proxy's request, or too long, or memory runs
 * out (0 then), the engine forgets; the caller sees that in the state.
 */
static size_t head_bytes(struct a407_engine *e, const char *p, size_t n)
{
    size_t before = e->rec.n;
    size_t room = A407_HEAD_MAX - before;
    size_t take = n < room ? n : room;
    if (!a407_buf_add(&e->rec, p, take)) {
        a407_engine_forget(e);
        return 0;
    }
    size_t end = a407_head_end(e->rec.p, e->rec.n, &e->head_from);
    enum a407_sniff is = a407_sniff_proxy_request(e->rec.p, e->rec.n);
    if (is == A407_SNIFF_NO || (!end && e->rec.n >= A407_HEAD_MAX)) {
        a407_engine_forget(e);
        return take;
    }
    if (!end)
        return take;
    e->rec.n = end;
    e->head_n = end;
    return end - before;
}

static void body_bytes(struct a407_engine *e, const char *p, size_t n)
{
    e->body_n += n;
    if (e->overflow || e->pipelined || e->passive)
        return;
    if (a407_buf_add(&e->rec, p, n))
        return;
    e->overflow = true; /* what was kept is of no use any more */
    a407_buf_shrink(&e->rec, e->head_n);
}

void a407_engine_wrote(struct a407_engine *e, const char *p, size_t n)
{
    while (n && e->st != A407_ST_FORGET) {
        size_t k = n;
        switch (e->w) {
        case A407_W_START:
            begin(e, false);
            continue;
        case A407_W_OPAQUE:
            return;
        case A407_W_HEAD:
            k = head_bytes(e, p, n);
            if (e->w == A407_W_HEAD && e->head_n)
                head_done(e);
            break;
        case A407_W_BODY:
            k = a407_body_feed(&e->w_body, p, n);
            if (e->w_body.bad) {
                a407_engine_forget(e);
                return;
            }
            body_bytes(e, p, k);
            if (e->w_body.done)
                e->w = A407_W_START;
        }
        p += k;
        n -= k;
    }
}

/* A held head is complete: it goes out, with our header if one fits. */
static void release(struct a407_engine *e)
{
    if (!head_done(e))
        return; /* it goes out as it is */
    struct a407_request rq;
    bool own = a407_request_recorded(e, &rq) && rq.n_proxy_authorization;
    bool ours = !own && a407_engine_preempt(e);
    bool copied = copy_head(e, ours);
    a407_buf_free(&e->auth);
    if (copied)
        return;
    a407_buf_free(&e->out); /* the driver leaves nothing else in it */
    a407_engine_unhold(e);
    a407_engine_forget(e);
}

size_t a407_engine_hold(struct a407_engine *e, const char *p, size_t n)
{
    if (e->st == A407_ST_FORGET)
        return 0;
    if (e->w == A407_W_START)
        begin(e, true);
    size_t k = head_bytes(e, p, n);
    if (e->w == A407_W_HEAD && e->head_n)
        release(e);
    return k;
}
