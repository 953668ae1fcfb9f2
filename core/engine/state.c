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

/* Has the program nothing to come but the 407 that was taken off? */
static bool owes_407(const struct a407_engine *e)
{
    switch (e->state) {
    case A407_ST_RECONNECT:
    case A407_ST_DELIVER_SAVED:
        return true;
    case A407_ST_ASK:
        return e->after == A407_AFTER_AGAIN;
    case A407_ST_WAIT:
    case A407_ST_INTERIM:
        return e->exchange.course == A407_COURSE_OURS && e->exchange.standin;
    default:
        return false;
    }
}

void a407_engine_forget(struct a407_engine *e)
{
    bool owed = owes_407(e);
    if (e->state == A407_ST_FORGET)
        return;
    /* a head that counts as written, and is not out */
    if (e->writing == A407_W_HELD_HEAD ||
        (e->state == A407_ST_ASK && e->after == A407_AFTER_HELD))
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

void a407_engine_deliver_saved_407(struct a407_engine *e, const char *why)
{
    a407_event_note(e, A407_CAUSE_PROTOCOL, why);
    a407_event_finish(e, A407_UNRESOLVED, e->ev ? e->ev->status : 0);
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
    a407_trials_end(e);
    a407_exchange_drop_state(&e->exchange);
    e->exchange = (struct a407_exchange){.cause = A407_CAUSE_NONE,
                                         .outside = A407_CAUSE_NONE};
    a407_buf_free(&e->saved_407);
    a407_buf_free(&e->auth);
    a407_buf_free(&e->token);
}

static void free_state(const struct a407_scheme *scheme, void *state)
{
    if (state)
        a407_scheme_wipe(scheme, state);
    a407_secret_free(state);
}

void a407_exchange_drop_state(struct a407_exchange *exchange)
{
    free_state(exchange->scheme, exchange->state);
    exchange->state = NULL;
    exchange->pending = false;
}

/* ---- what is known of a proxy ---- */

void a407_proxy_forget(struct a407_proxy *p)
{
    free_state(p->scheme, p->state);
    p->state = NULL;
    p->scheme = NULL;
}

void a407_proxy_init(struct a407_proxy *p, const struct a407_config *config,
                     const struct a407_host *host,
                     const struct a407_endpoint *endpoint, bool configured)
{
    *p = (struct a407_proxy){.config = config,
                             .host = host,
                             .endpoint = *endpoint,
                             .configured = configured};
    if (!configured)
        return;
    const struct a407_known_proxy *known = a407_config_proxy(config, endpoint);
    p->url_has_userinfo = known && known->url_has_userinfo;
    p->n_creds = a407_config_credentials(config, endpoint, p->creds,
                                         A407_CREDENTIALS_MAX, &p->elsewhere);
    for (size_t i = 0; i < p->n_creds; i++)
        p->standing[i] = (struct a407_standing){
            .configured = p->creds[i],
            .fetched = !a407_credential_is_outside(p->creds[i])};
    if (p->n_creds || config->mode != A407_MODE_INJECT)
        return;
    /* Nothing is configured, but this is one of the user's own proxies: the
       ticket that they may have is what it asks for. */
    p->ticket = (struct a407_credential){
        .from = A407_FROM_TICKET,
        .label = (char *)"Kerberos ticket",
        .schemes = a407_ticket_schemes(),
    };
    p->standing[0].configured = p->creds[p->n_creds++] = &p->ticket;
    p->standing[0].fetched = true;
}

void a407_proxy_clear(struct a407_proxy *p)
{
    a407_proxy_forget(p);
    for (size_t i = 0; i < A407_CREDENTIALS_MAX; i++) {
        a407_credentials_free(p->standing[i].resolved);
        p->standing[i].resolved = NULL;
    }
    p->n_creds = 0;
}
