/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

/* The public face: what a driver calls, and when what it waits for is over. */

struct a407_engine *a407_engine_new(struct a407_proxy *proxy,
                                    struct a407_history *history,
                                    const char *peer)
{
    struct a407_engine *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->proxy = proxy;
    e->history = history;
    e->passive = !proxy->configured || proxy->config->mode != A407_MODE_INJECT;
    size_t n = strnlen(peer, sizeof e->peer - 1);
    memcpy(e->peer, peer, n);
    e->need = 1;
    a407_buf_init(&e->request, A407_HEAD_MAX + proxy->config->replay_max);
    a407_buf_init(&e->response, A407_HEAD_MAX + 1);
    a407_buf_init(&e->saved_407, A407_KEEP_MAX);
    /* the head may grow by one header as large as a head */
    a407_buf_init(&e->output, 2 * A407_HEAD_MAX + proxy->config->replay_max);
    a407_buf_init(&e->auth, A407_HEAD_MAX);
    return e;
}

void a407_engine_free(struct a407_engine *e)
{
    if (!e)
        return;
    a407_exchange_reset(e);
    a407_buf_free(&e->request);
    a407_buf_free(&e->response);
    a407_buf_free(&e->output);
    a407_engine_forked(e);
    free(e);
}

void a407_engine_time(struct a407_engine *e, int64_t wall_us, int64_t mono_us)
{
    e->wall_us = wall_us;
    e->mono_us = mono_us;
}

struct a407_span a407_engine_output(const struct a407_engine *e)
{
    return a407_span(e->output.p, e->output.n);
}

void a407_engine_sent(struct a407_engine *e, size_t n)
{
    a407_buf_drop(&e->output, n);
    if (e->output.n)
        return;
    a407_buf_free(&e->output);
    e->output_is_own = false;
    e->exchange.sent_us = e->since_us = e->mono_us;
}

struct a407_span a407_engine_kept(const struct a407_engine *e)
{
    return a407_span(e->saved_407.p, e->saved_407.n);
}

/* A program that gives up on a kept connection after this was not answered. */
#define SILENT_US 1000000

void a407_engine_closed(struct a407_engine *e)
{
    if (a407_engine_retrying(e) && e->exchange.on_kept &&
        e->mono_us - e->exchange.sent_us >= SILENT_US)
        e->proxy->no_reuse = true;
    a407_engine_compare(e);
    a407_engine_partly_read(e);
    a407_event_cut(e, "closed before the final answer");
    a407_engine_move(e, A407_ST_FORGET);
    a407_buf_free(&e->output);
}

struct a407_event *a407_engine_event(struct a407_engine *e)
{
    a407_event_heard(e);
    if (!e->n_done)
        return NULL;
    struct a407_event *ev = e->done[0];
    e->n_done--;
    memmove(e->done, e->done + 1, e->n_done * sizeof e->done[0]);
    return ev;
}

void a407_engine_forked(struct a407_engine *e)
{
    a407_event_drop(e);
    e->exchange.trying = 0;
    while (e->n_done)
        free(e->done[--e->n_done]);
    while (e->n_verdicts)
        a407_credentials_free(e->verdicts[--e->n_verdicts].cred);
}

unsigned a407_engine_anomalies(const struct a407_engine *e)
{
    return e->anomalies;
}

static void after_again(struct a407_engine *e)
{
    enum a407_cause why;
    enum a407_try t = A407_TRY_NONE;
    if (e->exchange.pending)
        t = a407_try_step(e, &why);
    else if (e->ask == A407_ASK_MARK)
        t = a407_pick_from_first(e);
    if (t == A407_TRY_ASK) { /* one more question */
        e->since_us = e->mono_us;
        return;
    }
    if (t == A407_TRY_READY)
        a407_engine_elsewhere(e, t);
    else
        a407_engine_no_answer(e, NULL);
}

/* The head goes out, with a header or without, unless there is one more
   question. */
static void after_held(struct a407_engine *e)
{
    enum a407_cause why;
    enum a407_try t = A407_TRY_NONE;
    if (e->exchange.pending)
        t = a407_try_step(e, &why);
    else if (e->ask == A407_ASK_SECRET || e->ask == A407_ASK_MARK)
        t = a407_engine_preempt(e);
    if (t == A407_TRY_ASK)
        a407_ask_begin(e, A407_AFTER_HELD);
    else
        a407_engine_release(e, t == A407_TRY_READY);
}

void a407_engine_told(struct a407_engine *e, struct a407_told *t)
{
    if (e->state == A407_ST_ASK) {
        a407_ask_take(e, t);
        if (e->after == A407_AFTER_AGAIN)
            after_again(e);
        else
            a407_engine_move(e, A407_ST_WAIT);
        if (e->after == A407_AFTER_HELD)
            after_held(e);
    }
    a407_told_clear(t);
}

void a407_engine_send_failed(struct a407_engine *e)
{
    a407_buf_free(&e->output);
    if (e->state == A407_ST_DRAIN)
        a407_engine_cut_short(e); /* half a message, and no more of it */
    else if (a407_engine_retrying(e))
        a407_engine_ended_early(e);
    else
        a407_engine_closed(e);
}

void a407_engine_reconnected(struct a407_engine *e, bool ok)
{
    if (e->state != A407_ST_RECONNECT)
        return;
    e->exchange.reconnected = true;
    e->authenticated = false;
    e->whose = A407_WHOSE_PROXYS;
    if (ok && a407_engine_active(e) && a407_request_rewrite(e)) {
        e->exchange.sent_us = e->mono_us;
        a407_engine_move(e, A407_ST_WAIT);
        return;
    }
    a407_engine_deliver_saved_407(e, ok ? "out of memory"
                                        : "the proxy can't be reached again");
}

static bool silent(struct a407_engine *e)
{
    int64_t silent_us = e->mono_us - e->exchange.sent_us;
    if (a407_engine_again(e)) {
        e->proxy->no_reuse = true;
        e->exchange.silent_us = silent_us;
        return true;
    }
    if (!a407_engine_in_handshake(e))
        return false;
    a407_engine_send_failed(e);
    return true;
}

bool a407_engine_expired(struct a407_engine *e)
{
    struct a407_plan plan = a407_engine_plan(e);
    struct a407_told told = {.late = true};
    if (!plan.until_us || e->mono_us < plan.until_us)
        return false;
    e->since_us = 0; /* what is left of it is not waited for once more */
    switch (plan.due) {
    case A407_DUE_CONNECT:
        a407_engine_reconnected(e, false);
        return true;
    case A407_DUE_OUTSIDE:
        a407_told_fail(&told,
                       e->ask == A407_ASK_TOKEN || e->ask == A407_ASK_VERIFY
                           ? A407_CAUSE_UNMET
                           : A407_CAUSE_HELPER_FAILED,
                       "no answer in time");
        a407_engine_told(e, &told);
        return true;
    case A407_DUE_SILENCE:
        return silent(e);
    default: /* what is to be sent, the answer to a leg, the rest of a 407 */
        a407_engine_send_failed(e);
        return true;
    }
}

void a407_engine_spent(struct a407_engine *e, uint64_t written, uint64_t read)
{
    a407_body_skip(&e->write_body, written);
    e->body_n += written;
    a407_body_skip(&e->read_body, read);
}
