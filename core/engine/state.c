/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include "internal.h"

static const struct {
    char name[20];
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
    if (!(states[e->state].allowed & (1u << to))) {
        if (e->state == A407_ST_FORGET)
            return; /* once forgotten, nothing matters any more */
        e->anomalies++;
        to = A407_ST_FORGET;
    }
    e->state = to;
    e->need = 1;
    e->since_us = e->mono_us;
    if (to == A407_ST_FORGET) {
        /* What must still go out is kept; nothing else is of use. */
        if (e->writing == A407_W_HELD_HEAD)
            a407_engine_unhold(e);
        a407_event_cut(e, not_followed);
        a407_buf_free(&e->request);
        a407_buf_free(&e->response);
        a407_exchange_reset(e);
    }
}

const char *a407_engine_state_name(const struct a407_engine *e)
{
    return states[e->state].name;
}

/* Has a 407 been taken off that nothing else will come for, but an answer that
   is not the program's? */
static bool owes_407(const struct a407_engine *e)
{
    const struct a407_exchange *exchange = &e->exchange;
    bool leg = exchange->course == A407_COURSE_OURS && exchange->standin;
    switch (e->state) {
    case A407_ST_RECONNECT:
    case A407_ST_DELIVER_SAVED:
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
    return e->writing == A407_W_HELD_HEAD ||
           (e->state == A407_ST_ASK && e->after == A407_AFTER_HELD);
}

void a407_engine_forget(struct a407_engine *e)
{
    bool owed = owes_407(e);
    if (e->state == A407_ST_FORGET)
        return;
    if (holds_head(e))
        a407_engine_unhold(e);
    if (e->writing == A407_W_HELD_HEAD)
        e->writing = A407_W_HEAD;
    if (e->state != A407_ST_DRAIN && !owed) {
        a407_engine_move(e, A407_ST_FORGET);
        return;
    }
    /* The program must have it back first. */
    e->writing = A407_W_OPAQUE;
    e->pipelined = true;
    if (!owed || e->state == A407_ST_DELIVER_SAVED)
        return;
    a407_event_note(e, A407_CAUSE_PROTOCOL, not_followed);
    a407_event_finish(e, A407_UNRESOLVED, e->saved_407.n && e->ev ? 407 : 0);
    a407_engine_move(e, A407_ST_DELIVER_SAVED);
}

void a407_engine_unhold(struct a407_engine *e)
{
    if (e->output.n) {
        a407_buf_add(&e->output, e->request.p, e->request.n);
        return;
    }
    e->output_is_own = true;
    struct a407_buf other = e->output;
    e->output = e->request;
    e->request = other;
}

void a407_exchange_reset(struct a407_engine *e)
{
    a407_exchange_drop_state(&e->exchange);
    e->exchange = (struct a407_exchange){.cause = A407_CAUSE_NONE,
                                         .outside = A407_CAUSE_NONE};
    a407_buf_free(&e->saved_407);
    a407_buf_free(&e->auth);
    a407_buf_free(&e->token);
}

void a407_exchange_drop_state(struct a407_exchange *exchange)
{
    if (exchange->state) {
        a407_scheme_wipe(exchange->scheme, exchange->state);
        free(exchange->state);
        exchange->state = NULL;
    }
    exchange->pending = false;
}
