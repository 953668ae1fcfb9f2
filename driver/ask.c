/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <stdlib.h>

/* A process takes a millisecond or two to start, and many connections may need
   one each: a program that does not block comes to its loop in between. */
#define PACE_MS 2

/* An errand that is being begun with, outside. */
struct begun {
    struct a407_driver *d;
    struct a407_errand *errand;
    unsigned id; /* 0: it is shared */
    bool more;   /* it goes on in steps */
};

/* ---- its end ---- */

static void put_away(struct a407_shared *s, struct a407_errand *e)
{
    if (!e)
        return;
    e->next = s->over;
    s->over = e;
}

struct a407_errand *a407_shared_over(struct a407_shared *s)
{
    struct a407_errand *e = s->over;
    s->over = NULL;
    return e;
}

/* The handshake's helper goes back to where the next leg finds it. */
static void finish(struct a407_driver *d, struct a407_errand *e)
{
    if (e->ask.kind == A407_ASK_TOKEN && e->told.ok) {
        d->child = e->talk.child;
        e->talk.child = (struct a407_child){.fd = -1};
    }
    a407_engine_told(d->engine, &e->told);
    put_away(d->shared, e);
}

/* ---- for several ---- */

static void join(struct a407_driver *d)
{
    d->joined = true;
    d->next = d->shared->waiting;
    d->shared->waiting = d;
}

static void leave(struct a407_driver *d)
{
    struct a407_driver **at = &d->shared->waiting;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    d->joined = false;
}

static void end_unless_waited_for(struct a407_shared *s)
{
    if (s->waiting || s->beginning)
        return;
    put_away(s, s->errand);
    s->errand = NULL;
}

void a407_driver_drop_errand(struct a407_driver *d)
{
    put_away(d->shared, d->errand);
    d->errand = NULL;
    if (d->joined) {
        leave(d);
        end_unless_waited_for(d->shared);
    }
}

/*
 * Who begins with it may never come back: once it has taken as long as it may,
 * all that wait for it begin anew, for what is shared next may be another. One
 * that came to it late in its own time gives up for itself.
 */
void a407_driver_give_up_beginning(struct a407_driver *d)
{
    struct a407_shared *s = d->shared;
    d->asking = 0;
    if (!d->joined)
        return;
    if (d->now_ms < s->begins_until) {
        leave(d);
        return;
    }
    s->errand = NULL;
    s->beginning = false;
    s->told = true;
    while (s->waiting)
        leave(s->waiting);
}

/* It is over: tells all that wait for it, the first one the secret itself. */
static void finish_shared(const struct a407_driver *at_hand)
{
    struct a407_shared *s = at_hand->shared;
    struct a407_told *told = &s->errand->told;
    while (s->waiting) {
        struct a407_driver *d = s->waiting;
        struct a407_told same = *told;
        same.secret = NULL;
        leave(d);
        a407_engine_time(d->engine, at_hand->wall_us, at_hand->now_ms * 1000);
        a407_engine_told(d->engine, told);
        s->told = s->told || d != at_hand;
        *told = same;
    }
    end_unless_waited_for(s);
}

/* Another driver may have begun with the same. False: this one is to begin. */
static bool join_others(struct begun *b)
{
    struct a407_shared *s = b->d->shared;
    const struct a407_ask *ask = &b->errand->ask;
    if (ask->kind != A407_ASK_SECRET)
        return false;
    if (!s->errand) {
        s->errand = b->errand;
        s->beginning = true;
        s->begins_until = b->d->now_ms + b->errand->ms;
        b->id = 0;
        join(b->d);
        return false;
    }
    if (s->errand->ask.cred_index != ask->cred_index)
        return false;
    join(b->d);
    a407_errand_free(b->errand);
    free(b);
    return true;
}

static void shared_has_begun(const struct begun *b)
{
    struct a407_shared *s = b->d->shared;
    if (s->errand != b->errand) { /* it was given up meanwhile */
        put_away(s, b->errand);
        return;
    }
    s->beginning = false;
    s->sleep = (struct a407_sleep){.fd = -1};
    if (b->more)
        end_unless_waited_for(s);
    else
        finish_shared(b->d);
}

/* ---- beginning ---- */

static void begin(void *arg)
{
    struct begun *b = arg;
    b->more = a407_errand_begin(b->d->config, b->errand);
}

static void has_begun(void *arg)
{
    struct begun *b = arg;
    struct a407_driver *d = b->d;
    if (b->more && !b->errand->ask.token.p)
        d->shared->begin_at = d->now_ms + PACE_MS;
    if (!b->id) {
        shared_has_begun(b);
    } else if (d->asking != b->id) { /* it was given up meanwhile */
        put_away(d->shared, b->errand);
    } else {
        d->asking = 0;
        if (b->more)
            d->errand = b->errand;
        else
            finish(d, b->errand);
    }
    free(b);
}

static struct begun *new_errand(struct a407_driver *d)
{
    struct begun *b = calloc(1, sizeof *b);
    struct a407_errand *e = calloc(1, sizeof *e);
    if (b && e && a407_engine_ask(d->engine, &e->ask)) {
        e->told.cause = A407_CAUSE_PROTOCOL;
        e->ms = d->config->helper_ms;
        e->talk.child.fd = -1;
        *b = (struct begun){.d = d, .errand = e, .id = ++d->asks};
        return b;
    }
    free(b);
    a407_errand_free(e);
    return NULL;
}

/* False: the call at hand has nothing to do with it any more. */
static bool begin_outside(struct a407_driver *d, struct begun *b)
{
    struct a407_job job = {begin, has_begun, b};
    if (a407_errand_is_about_tokens(b->errand)) {
        b->errand->talk.child = d->child;
        d->child = (struct a407_child){.fd = -1};
    }
    if (b->id)
        d->asking = b->id;
    return d->transport->outside(d->link, &job);
}

enum a407_driven a407_driver_ask(struct a407_driver *d)
{
    struct a407_shared *s = d->shared;
    while (a407_engine_plan(d->engine).kind == A407_WANT_ASK) {
        if (d->joined) {
            if (s->beginning ||
                !a407_errand_step(d->config, s->errand, &s->sleep))
                return A407_NEEDS_WORK;
            finish_shared(d);
            continue;
        }
        if (d->errand) {
            struct a407_errand *e = d->errand;
            if (!a407_errand_step(d->config, e, &d->sleep))
                return A407_NEEDS_WORK;
            d->errand = NULL;
            finish(d, e);
            continue;
        }
        if (d->asking || (!d->child.pid && d->now_ms < s->begin_at))
            return A407_NEEDS_WORK;
        struct begun *b = new_errand(d);
        if (!b) {
            struct a407_told none = {.cause = A407_CAUSE_PROTOCOL};
            a407_engine_told(d->engine, &none);
        } else if (!join_others(b) && !begin_outside(d, b)) {
            return A407_NOT_FOLLOWED;
        }
    }
    return A407_DRIVEN;
}
