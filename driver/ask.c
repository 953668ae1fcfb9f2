/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <stdlib.h>

/* An errand that is being begun with, outside. */
struct begun {
    struct a407_driver *d;
    struct a407_errand *errand;
    unsigned id;
    bool more; /* it goes on in steps */
};

/* The handshake's helper goes back to where the next leg finds it. */
static void finish(struct a407_driver *d, struct a407_errand *e)
{
    if (a407_errand_is_about_tokens(e)) {
        d->child = e->talk.child;
        e->talk.child = (struct a407_child){.fd = -1};
    }
    a407_engine_told(d->engine, &e->told);
    a407_errand_free(e);
}

static void begin(void *arg)
{
    struct begun *b = arg;
    b->more = a407_errand_begin(b->d->config, b->errand);
}

static void has_begun(void *arg)
{
    struct begun *b = arg;
    struct a407_driver *d = b->d;
    if (d->asking != b->id) { /* it was given up meanwhile */
        a407_errand_free(b->errand);
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
    d->asking = b->id;
    return d->transport->outside(d->link, &job);
}

enum a407_driven a407_driver_ask(struct a407_driver *d)
{
    while (a407_engine_plan(d->engine).kind == A407_WANT_ASK) {
        if (d->errand) {
            struct a407_errand *e = d->errand;
            if (!a407_errand_step(d->config, e, &d->sleep))
                return A407_NEEDS_WORK;
            d->errand = NULL;
            finish(d, e);
            continue;
        }
        if (d->asking)
            return A407_NEEDS_WORK;
        struct begun *b = new_errand(d);
        if (!b) {
            struct a407_told none = {.cause = A407_CAUSE_PROTOCOL};
            a407_engine_told(d->engine, &none);
        } else if (!begin_outside(d, b)) {
            return A407_NOT_FOLLOWED;
        }
    }
    return A407_DRIVEN;
}
