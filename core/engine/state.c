/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include "internal.h"

static const struct {
    const char *name;
    unsigned allowed;
} states[] = {
#define TO(s)             (1u << A407_ST_##s)
#define A407_STATE(n, to) {#n, (to)},
#include "states.def"
#undef A407_STATE
#undef TO
};

static const char not_followed[] =
    "the connection could not be followed any more";

void a407_engine_move(struct a407_engine *e, enum a407_state to)
{
    if (!(states[e->st].allowed & (1u << to))) {
        if (e->st == A407_ST_FORGET)
            return; /* once forgotten, nothing matters any more */
        e->anomalies++;
        to = A407_ST_FORGET;
    }
    e->st = to;
    e->need = 1;
    e->since_us = e->mono_us;
    if (to == A407_ST_FORGET) {
        /* What must still go out is kept; nothing else is of use. */
        if (e->w == A407_W_HELD_HEAD)
            a407_engine_unhold(e);
        a407_event_cut(e, not_followed);
        a407_buf_free(&e->rec);
        a407_buf_free(&e->resp);
        a407_exchange_reset(e);
    }
}

const char *a407_engine_state_name(const struct a407_engine *e)
{
    return states[e->st].name;
}

/* Has a 407 been taken off that nothing else will come for, but an answer that
   is not the program's? */
static bool owes_407(const struct a407_engine *e)
{
    const struct a407_exchange *x = &e->x;
    bool leg = x->course == A407_COURSE_OURS && x->standin;
    switch (e->st) {
    case A407_ST_RECONNECT:
    case A407_ST_GIVE_BACK:
        return true;
    case A407_ST_ASK:
        return e->after == A407_AFTER_AGAIN;
    case A407_ST_WAIT:
    case A407_ST_INTERIM:
        return leg;
    default:
        return false;
    }
}

/* Bytes of a head that were told as sent, and are not. */
static bool holds_head(const struct a407_engine *e)
{
    return e->w == A407_W_HELD_HEAD ||
           (e->st == A407_ST_ASK && e->after == A407_AFTER_HELD);
}

void a407_engine_forget(struct a407_engine *e)
{
    bool owed = owes_407(e);
    if (e->st == A407_ST_FORGET)
        return;
    if (holds_head(e))
        a407_engine_unhold(e);
    if (e->w == A407_W_HELD_HEAD)
        e->w = A407_W_HEAD;
    if (e->st != A407_ST_DRAIN && !owed) {
        a407_engine_move(e, A407_ST_FORGET);
        return;
    }
    /* The program must have it back first. */
    e->w = A407_W_OPAQUE;
    e->pipelined = true;
    if (!owed || e->st == A407_ST_GIVE_BACK)
        return;
    a407_event_note(e, A407_CAUSE_PROTOCOL, not_followed);
    a407_event_finish(e, A407_UNRESOLVED, e->kept.n && e->ev ? 407 : 0);
    a407_engine_move(e, A407_ST_GIVE_BACK);
}

void a407_engine_unhold(struct a407_engine *e)
{
    if (e->out.n) {
        a407_buf_add(&e->out, e->rec.p, e->rec.n);
        return;
    }
    e->out_is_own = true;
    struct a407_buf other = e->out;
    e->out = e->rec;
    e->rec = other;
}

void a407_exchange_reset(struct a407_engine *e)
{
    a407_exchange_drop_state(&e->x);
    e->x = (struct a407_exchange){.cause = A407_CAUSE_NONE,
                                  .outside = A407_CAUSE_NONE};
    a407_buf_free(&e->kept);
    a407_buf_free(&e->auth);
    a407_buf_free(&e->token);
}

void a407_exchange_drop_state(struct a407_exchange *x)
{
    if (x->state) {
        x->scheme->wipe(x->state);
        a407_wipe(x->state, x->scheme->state_size);
        free(x->state);
        x->state = NULL;
    }
    x->pending = false;
}
