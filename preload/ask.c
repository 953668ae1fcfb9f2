/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include "host/fetch.h"
#include "host/gss.h"
#include "host/lockout.h"

/* Where the settings say nothing. */
#define DEFAULT_MS 10000

/* After this a thread that asks has gone in the middle (siglongjmp()). */
#define SLACK_MS 5000

static bool next_ask(struct a407_conn *c, struct a407_ask *ask, bool *copied)
{
    a407_engine_lock(c);
    bool any = a407_engine_want(c->engine).kind == A407_WANT_ASK;
    *copied = any && a407_engine_ask(c->engine, ask);
    a407_engine_unlock(c);
    return any;
}

/* Outside, and nothing of the connection is touched. A thread is not cancelled
   here: the child would be left behind. */
static void answer(const struct a407_config *config, struct a407_child *child,
                   const struct a407_ask *ask, int64_t ms,
                   struct a407_told *told)
{
    struct a407_talk t = {.child.fd = -1};
    int cancel;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    if (ask->kind == A407_ASK_MARK) {
        told->ok = a407_lockout_held(config, ask->proxy, ask->cred);
    } else if (ask->kind == A407_ASK_SECRET) {
        if (a407_fetch_begin(config, ask, ms, &t, told)) {
            a407_talk_wait(&t);
            a407_fetch_end(config, ask, ms, &t, told);
        }
    } else {
        t.child = *child;
        if (a407_gss_begin(config, ask, ms, &t, told)) {
            a407_talk_wait(&t);
            a407_gss_end(ask, ms, &t, told);
        }
        *child = t.child;
        t.child = (struct a407_child){.fd = -1};
    }
    a407_talk_drop(&t);
    pthread_setcancelstate(cancel, NULL);
}

static void tell(struct a407_conn *c, struct a407_told *told)
{
    a407_engine_lock_now(c);
    a407_engine_told(c->engine, told);
    a407_engine_unlock(c);
}

/*
 * One ask. The connection is pinned meanwhile: the engine must hear of it even
 * if this very number is closed, for the sake of its other numbers.
 */
static bool ask_outside(struct a407_turn *t, const struct a407_ask *ask,
                        struct a407_told *told)
{
    struct a407_conn *c = t->c;
    const struct a407_config *config = c->site->proxy.config;
    int64_t now = a407_now_ms(), own = a407_turn_limit(t) - now;
    int64_t ms = config->helper_ms ? config->helper_ms : DEFAULT_MS;
    struct a407_child child = c->child;
    unsigned id = ++c->asks;
    if (own < ms)
        ms = own > 1 ? own : 1;
    c->child = (struct a407_child){.fd = -1};
    c->asking = id;
    c->ask_until = now + ms + SLACK_MS;
    a407_conn_pin(c);
    a407_turn_pause(t);
    answer(config, &child, ask, ms, told);
    a407_turn_resume(t);
    bool still = t->c == c;
    if (!still)
        a407_conn_lock(c);
    bool current = c->asking == id;
    if (current) {
        c->asking = 0;
        c->child = child;
        tell(c, told);
    }
    if (!still)
        a407_conn_unlock(c);
    if (!current) { /* it was given up meanwhile */
        a407_child_end(&child, 0);
        a407_told_clear(told);
    }
    a407_conn_put(c);
    return still;
}

enum a407_pump a407_answer_asks(struct a407_turn *t)
{
    struct a407_ask ask = {0};
    bool copied;
    while (next_ask(t->c, &ask, &copied)) {
        struct a407_told told = {.cause = A407_CAUSE_PROTOCOL};
        struct a407_conn *c = t->c;
        bool busy = c->asking && a407_now_ms() < c->ask_until;
        bool still = true;
        if (copied && !busy)
            still = ask_outside(t, &ask, &told);
        else if (!busy)
            tell(c, &told);
        a407_ask_clear(&ask);
        if (busy)
            return A407_PUMP_BUSY;
        if (!still)
            return A407_PUMP_LOST;
    }
    return A407_PUMP_READY;
}

void a407_deliver_verdicts(struct a407_conn *c)
{
    struct a407_verdict v;
    for (;;) {
        a407_engine_lock(c);
        bool any = a407_engine_verdict(c->engine, &v);
        a407_engine_unlock(c);
        if (!any)
            return;
        a407_lockout_mark(c->site->proxy.config, &c->site->proxy.endpoint,
                          v.cred, v.accepted);
        a407_credentials_free(v.cred);
    }
}
