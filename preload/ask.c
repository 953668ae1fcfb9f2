/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <stdlib.h>

#include "host/fetch.h"
#include "host/gss.h"
#include "host/lockout.h"
#include "registry.h"

/* ---- beginning ---- */

/* Outside, and nothing of the connection is touched. A thread is not cancelled
   here: the child would be left behind. True: there is more to do. */
static bool begin(const struct a407_config *config, struct a407_errand *e)
{
    int cancel;
    bool more = false;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    if (e->ask.kind == A407_ASK_MARK)
        e->told.ok = a407_lockout_held(config, e->ask.proxy, e->ask.cred);
    else if (e->ask.kind == A407_ASK_SECRET)
        more = a407_fetch_begin(config, &e->ask, e->ms, &e->talk, &e->told);
    else
        more = a407_gss_begin(config, &e->ask, e->ms, &e->talk, &e->told);
    pthread_setcancelstate(cancel, NULL);
    return more;
}

static bool is_about_tokens(const struct a407_errand *e)
{
    return e->ask.kind == A407_ASK_TOKEN || e->ask.kind == A407_ASK_VERIFY;
}

/* The handshake's helper goes back to where the next leg finds it. */
static void finish(struct a407_conn *c, struct a407_errand *e)
{
    if (is_about_tokens(e)) {
        c->child = e->talk.child;
        e->talk.child = (struct a407_child){.fd = -1};
    }
    a407_engine_told(c->engine, &e->told);
    a407_errand_free(e);
}

static struct a407_errand *new_errand(struct a407_conn *c)
{
    struct a407_errand *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->told.cause = A407_CAUSE_PROTOCOL;
    e->ms = c->site->proxy.config->helper_ms;
    e->talk.child.fd = -1;
    if (a407_engine_ask(c->engine, &e->ask))
        return e;
    a407_errand_free(e);
    return NULL;
}

/*
 * The connection is pinned meanwhile: the engine must hear of it even if this
 * very number is closed, for the sake of its other numbers. False: this call
 * has nothing to do with it any more.
 */
static bool begin_outside(struct a407_turn *t, struct a407_errand *e)
{
    struct a407_conn *c = t->c;
    unsigned id = ++c->asks;
    if (is_about_tokens(e)) {
        e->talk.child = c->child;
        c->child = (struct a407_child){.fd = -1};
    }
    c->asking = id;
    a407_conn_pin(c);
    a407_turn_pause(t);
    bool more = begin(c->site->proxy.config, e);
    a407_turn_resume(t);
    bool still = t->c == c;
    if (!still)
        a407_conn_lock(c);
    bool current = c->asking == id;
    if (current) {
        c->asking = 0;
        if (more)
            c->errand = e;
        else
            finish(c, e);
    }
    if (!still)
        a407_conn_unlock(c);
    if (!current) /* it was given up meanwhile */
        a407_errand_free(e);
    a407_conn_put(c);
    return still;
}

/* ---- going on ---- */

/* True: it is over, and the engine has been told. */
static bool step(struct a407_conn *c)
{
    struct a407_errand *e = c->errand;
    if (!a407_talk_step(&e->talk, &c->sleep))
        return false;
    if (is_about_tokens(e))
        a407_gss_end(&e->ask, e->ms, &e->talk, &e->told);
    else
        a407_fetch_end(c->site->proxy.config, &e->ask, e->ms, &e->talk,
                       &e->told);
    c->errand = NULL;
    finish(c, e);
    return true;
}

enum a407_pump a407_answer_asks(struct a407_turn *t)
{
    while (a407_engine_plan(t->c->engine).kind == A407_WANT_ASK) {
        struct a407_conn *c = t->c;
        if (c->errand) {
            if (!step(c))
                return A407_PUMP_WAIT;
            continue;
        }
        if (c->asking)
            return A407_PUMP_WAIT;
        struct a407_errand *e = new_errand(c);
        if (!e) {
            struct a407_told none = {.cause = A407_CAUSE_PROTOCOL};
            a407_engine_told(c->engine, &none);
        } else if (!begin_outside(t, e)) {
            return A407_PUMP_LOST;
        }
    }
    return A407_PUMP_READY;
}
