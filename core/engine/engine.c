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
    if (to == A407_ST_FORGET) {
        /* What must still go out is kept; nothing else is of use. */
        if (e->w == A407_W_HEAD && e->hold)
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
    bool leg = x->answering && x->standin;
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
    return (e->w == A407_W_HEAD && e->hold) ||
           (e->st == A407_ST_ASK && e->after == A407_AFTER_HELD);
}

void a407_engine_forget(struct a407_engine *e)
{
    bool owed = owes_407(e);
    if (e->st == A407_ST_FORGET)
        return;
    if (holds_head(e))
        a407_engine_unhold(e);
    e->hold = false;
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

/* May this engine change anything, or does it only watch? */
bool a407_engine_active(const struct a407_engine *e)
{
    return !e->passive && !e->pipelined;
}

bool a407_engine_is_proxys(const struct a407_engine *e)
{
    return e->proxy->keeps || (!e->handed_on && !e->interim_met);
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
    if (p->n_creds || config->mode != A407_MODE_INJECT)
        return;
    /* Nothing is configured, but this is one of the user's own proxies: the
       ticket that they may have is what it asks for. */
    p->ticket = (struct a407_credential){
        .from = A407_FROM_TICKET,
        .label = (char *)"Kerberos ticket",
        .schemes = a407_ticket_schemes(),
    };
    p->creds[p->n_creds++] = &p->ticket;
}

void a407_proxy_forget(struct a407_proxy *p)
{
    if (p->state) {
        p->scheme->wipe(p->state);
        a407_wipe(p->state, p->scheme->state_size);
        free(p->state);
    }
    p->state = NULL;
    p->scheme = NULL;
}

void a407_proxy_clear(struct a407_proxy *p)
{
    a407_proxy_forget(p);
    for (size_t i = 0; i < A407_CREDENTIALS_MAX; i++) {
        a407_credentials_free(p->resolved[i]);
        p->resolved[i] = NULL;
    }
    p->n_creds = 0;
}

int64_t a407_engine_running_s(const struct a407_engine *e)
{
    return e->mono_us / 1000000;
}

int64_t a407_engine_now_s(const struct a407_engine *e)
{
    return e->wall_us / 1000000;
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

struct a407_engine *a407_engine_new(struct a407_proxy *proxy, const char *peer)
{
    struct a407_engine *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->proxy = proxy;
    e->passive = !proxy->configured || proxy->config->mode != A407_MODE_INJECT;
    size_t n = strnlen(peer, sizeof e->peer - 1);
    memcpy(e->peer, peer, n);
    e->need = 1;
    a407_buf_init(&e->rec, A407_HEAD_MAX + proxy->config->replay_max);
    a407_buf_init(&e->resp, A407_HEAD_MAX + 1);
    a407_buf_init(&e->kept, A407_KEEP_MAX);
    /* the head may grow by one header as large as a head */
    a407_buf_init(&e->out, 2 * A407_HEAD_MAX + proxy->config->replay_max);
    a407_buf_init(&e->auth, A407_HEAD_MAX);
    return e;
}

void a407_engine_free(struct a407_engine *e)
{
    if (!e)
        return;
    a407_exchange_reset(e);
    a407_buf_free(&e->rec);
    a407_buf_free(&e->resp);
    a407_buf_free(&e->out);
    a407_engine_forked(e);
    free(e);
}

void a407_engine_time(struct a407_engine *e, int64_t wall_us, int64_t mono_us)
{
    e->wall_us = wall_us;
    e->mono_us = mono_us;
}

static struct a407_want want(enum a407_want_kind kind, size_t n)
{
    return (struct a407_want){kind, n};
}

static struct a407_want want_drain(const struct a407_engine *e)
{
    if (e->drain_head)
        return want(A407_WANT_CONSUME, e->drain_head);
    if (e->d_body.kind == A407_BODY_LENGTH && e->d_body.left < SIZE_MAX)
        return want(A407_WANT_CONSUME, (size_t)e->d_body.left);
    return want(A407_WANT_CONSUME, SIZE_MAX);
}

struct a407_want a407_engine_want(const struct a407_engine *e)
{
    if (e->out.n)
        return want(A407_WANT_SEND, e->out.n);
    switch (e->st) {
    case A407_ST_FRESH:
    case A407_ST_IDLE:
        /* A reader that blocks here before the request is written must not
           get its 407 unseen: it waits in a peek. */
        return e->passive ? want(A407_WANT_DELIVER, SIZE_MAX)
                          : want(A407_WANT_PEEK, 1);
    case A407_ST_WAIT:
        if (!a407_engine_active(e))
            return want(A407_WANT_DELIVER, SIZE_MAX);
        return want(A407_WANT_PEEK, e->need);
    case A407_ST_INTERIM:
        /* one to a leg is none to the program's request */
        return want(e->x.standin || e->interim_ours ? A407_WANT_CONSUME
                                                    : A407_WANT_DELIVER,
                    e->interim_left);
    case A407_ST_DELIVER:
        /* The next request is out already: its answer must not be read
           unseen together with the rest of this one. */
        if (e->awaiting && e->resp_done && a407_engine_active(e)) {
            uint64_t sure = a407_body_sure(&e->r_body);
            return want(A407_WANT_DELIVER, sure ? (size_t)sure : 1);
        }
        return want(A407_WANT_DELIVER, SIZE_MAX);
    case A407_ST_ASK:
        return want(A407_WANT_ASK, 0);
    case A407_ST_DRAIN:
        return want_drain(e);
    case A407_ST_RECONNECT:
        return want(A407_WANT_RECONNECT, 0);
    case A407_ST_GIVE_BACK:
        return want(A407_WANT_GIVE_BACK, e->kept.n);
    default:
        return want(A407_WANT_FORGET, 0);
    }
}

bool a407_engine_retrying(const struct a407_engine *e)
{
    return e->st == A407_ST_WAIT && a407_engine_active(e) &&
           (e->x.answering || e->x.afresh) && e->x.retries > 0;
}

bool a407_engine_reconnected_once(const struct a407_engine *e)
{
    return e->x.reconnected;
}

struct a407_span a407_engine_output(const struct a407_engine *e)
{
    return a407_span(e->out.p, e->out.n);
}

void a407_engine_sent(struct a407_engine *e, size_t n)
{
    a407_buf_drop(&e->out, n);
    if (e->out.n)
        return;
    a407_buf_free(&e->out);
    e->out_is_own = false;
    e->x.sent_us = e->mono_us;
}

bool a407_engine_output_is_own(const struct a407_engine *e)
{
    return e->out.n && e->out_is_own;
}

struct a407_span a407_engine_kept(const struct a407_engine *e)
{
    return a407_span(e->kept.p, e->kept.n);
}

/*
 * The program gave up on a repeat that a kept connection never answered: the
 * next one goes to a fresh connection. A program that does not block can't be
 * helped sooner; nobody looks at the clock in its place.
 */
#define SILENT_US 1000000

void a407_engine_closed(struct a407_engine *e)
{
    if (a407_engine_retrying(e) && e->x.on_kept &&
        e->mono_us - e->x.sent_us >= SILENT_US)
        e->proxy->no_reuse = true;
    a407_engine_partly_read(e);
    a407_event_cut(e, "closed before the final answer");
    a407_engine_move(e, A407_ST_FORGET);
    a407_buf_free(&e->out);
}

bool a407_engine_has_event(const struct a407_engine *e)
{
    return e->n_done || e->n_verdicts;
}

struct a407_event *a407_engine_event(struct a407_engine *e)
{
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
    while (e->n_done)
        free(e->done[--e->n_done]);
    while (e->n_verdicts)
        a407_credentials_free(e->verdicts[--e->n_verdicts].cred);
}

unsigned a407_engine_anomalies(const struct a407_engine *e)
{
    return e->anomalies;
}
