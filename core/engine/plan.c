/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* What is to be done, and where an engine is. Nothing here changes anything. */

/* For the answer to a repeat on a kept connection, if it is no CONNECT. */
#define SILENCE_MS 15000u
/* For a 407's body: what is in its head is known by then. */
#define DRAIN_MS 5000u

bool a407_engine_active(const struct a407_engine *e)
{
    return !e->passive && !e->pipelined;
}

bool a407_engine_is_proxys(const struct a407_engine *e)
{
    return e->proxy->keeps || e->whose == A407_WHOSE_PROXYS;
}

bool a407_engine_in_handshake(const struct a407_engine *e)
{
    return (e->exchange.course == A407_COURSE_OURS ||
            e->exchange.then == A407_THEN_DELIVER_SAVED) &&
           e->exchange.standin && a407_engine_active(e) &&
           (e->state == A407_ST_WAIT || e->state == A407_ST_INTERIM ||
            e->state == A407_ST_DRAIN || e->state == A407_ST_RECONNECT);
}

int64_t a407_engine_running_s(const struct a407_engine *e)
{
    return e->mono_us / 1000000;
}

bool a407_engine_behind_connect(const struct a407_engine *e)
{
    return e->awaiting && e->in_flight[e->n_in_flight - 1].is_connect;
}

static enum a407_write_mode write_mode(const struct a407_engine *e)
{
    if (e->state == A407_ST_FORGET) /* what was held goes out first */
        return e->output.n ? A407_WRITE_HOLD : A407_WRITE_FORGET;
    if (e->writing == A407_W_HELD_HEAD)
        return A407_WRITE_HOLD;
    /* A proxy that does not keep connections may hand this one over. */
    if (e->writing == A407_W_START && !e->passive && e->proxy->scheme &&
        !a407_engine_behind_connect(e) && a407_engine_is_proxys(e) &&
        (!e->n_in_flight || e->proxy->keeps) &&
        (!e->authenticated || e->proxy->each_request))
        return A407_WRITE_HOLD;
    return A407_WRITE_PASS;
}

/* A request is out, or a part of it, and a 407 to it would be answered. */
static bool awaited(const struct a407_engine *e)
{
    return (e->state == A407_ST_WAIT || e->state == A407_ST_DRAIN) &&
           a407_engine_active(e);
}

bool a407_engine_in_head(const struct a407_engine *e)
{
    return e->writing == A407_W_HEAD || e->writing == A407_W_HELD_HEAD;
}

static bool request_open(const struct a407_engine *e)
{
    return a407_engine_in_head(e) || e->writing == A407_W_BODY;
}

static struct a407_plan want(enum a407_want_kind kind, size_t n)
{
    return (struct a407_plan){.kind = kind, .n = n};
}

static struct a407_plan what(const struct a407_engine *e)
{
    if (e->output.n)
        return want(A407_WANT_SEND, e->output.n);
    switch (e->state) {
    case A407_ST_FRESH:
    case A407_ST_IDLE:
        /* Who blocks here before the request is written waits in a peek: its
           407 must not be read unseen. */
        return e->passive ? want(A407_WANT_DELIVER, SIZE_MAX)
                          : want(A407_WANT_PEEK, 1);
    case A407_ST_WAIT:
        return a407_engine_active(e) ? want(A407_WANT_PEEK, e->need)
                                     : want(A407_WANT_DELIVER, SIZE_MAX);
    case A407_ST_INTERIM:
        /* one to a leg is none to the program's request */
        return want(e->exchange.standin || e->interim == A407_INTERIM_OURS
                        ? A407_WANT_CONSUME
                        : A407_WANT_DELIVER,
                    e->interim_left);
    case A407_ST_DELIVER:
        /* not the next answer unseen, together with the rest of this one */
        if (e->awaiting && e->head == A407_HEAD_READ && a407_engine_active(e)) {
            uint64_t sure = a407_body_sure(&e->read_body);
            return want(A407_WANT_DELIVER, sure ? (size_t)sure : 1);
        }
        return want(A407_WANT_DELIVER, SIZE_MAX);
    case A407_ST_ASK:
        return want(A407_WANT_ASK, 0);
    case A407_ST_DRAIN:
        if (e->drain_head)
            return want(A407_WANT_CONSUME, e->drain_head);
        return want(A407_WANT_CONSUME, e->drain_body.kind == A407_BODY_LENGTH &&
                                               e->drain_body.left < SIZE_MAX
                                           ? (size_t)e->drain_body.left
                                           : SIZE_MAX);
    case A407_ST_RECONNECT:
        return want(A407_WANT_RECONNECT, 0);
    case A407_ST_DELIVER_SAVED:
        return want(A407_WANT_GIVE_BACK, e->saved_407.n);
    default:
        return want(A407_WANT_FORGET, 0);
    }
}

bool a407_engine_retrying(const struct a407_engine *e)
{
    return e->state == A407_ST_WAIT && a407_engine_active(e) &&
           (e->exchange.course == A407_COURSE_OURS ||
            e->exchange.course == A407_COURSE_ANEW) &&
           e->exchange.retries > 0;
}

/* nc closes after the first line of a watched 407. */
bool a407_engine_wants_rest(const struct a407_engine *e)
{
    return e->state == A407_ST_DELIVER && e->head == A407_HEAD_UNSEEN &&
           !e->ev && e->exchange.course != A407_COURSE_DECIDED &&
           a407_sniff_407(e->response.p, e->response.n) == A407_SNIFF_YES;
}

bool a407_engine_wants_behind(const struct a407_engine *e)
{
    return e->state == A407_ST_INTERIM && e->interim == A407_INTERIM_UNREAD &&
           !e->exchange.standin && request_open(e);
}

bool a407_engine_keeps_no_body(const struct a407_engine *e)
{
    return e->overflow || e->pipelined || e->passive;
}

static uint64_t read_credit(const struct a407_engine *e)
{
    if (e->state != A407_ST_DELIVER || e->head != A407_HEAD_READ || e->output.n)
        return 0;
    return a407_body_skippable(&e->read_body);
}

static uint64_t write_credit(const struct a407_engine *e)
{
    bool quiet = e->state == A407_ST_WAIT || e->state == A407_ST_INTERIM ||
                 e->state == A407_ST_DELIVER;
    if (!quiet || e->output.n || e->writing != A407_W_BODY ||
        !a407_engine_keeps_no_body(e) || a407_engine_in_handshake(e))
        return 0;
    return a407_body_skippable(&e->write_body);
}

/* Has the proxy answered a leg here? Then it is the origin that is slow. */
static bool origins_turn(const struct a407_engine *e)
{
    return e->exchange.scheme->per_connection && !e->exchange.standin &&
           (e->exchange.legs > 1 || e->authenticated);
}

bool a407_request_recorded(const struct a407_engine *e, struct a407_request *rq)
{
    return e->head_n && a407_request_parse(e->request.p, e->head_n, rq);
}

bool a407_answer_parse(const struct a407_engine *e, const char *p, size_t n,
                       struct a407_response *r)
{
    return a407_response_parse(p, n, e->in_flight[0].is_head,
                               e->in_flight[0].is_connect, r);
}

/* ---- the plan ---- */

/* For a CONNECT it is a setting: that does nothing that could be done twice,
   and a client waits for it before all else. */
static unsigned silence_ms(const struct a407_engine *e)
{
    const struct a407_config *c = e->proxy->config;
    unsigned ms = e->n_in_flight && e->in_flight[0].is_connect ? c->silence_ms
                                                               : SILENCE_MS;
    return ms < c->wait_ms ? ms : c->wait_ms;
}

static enum a407_due due(const struct a407_engine *e, enum a407_want_kind kind,
                         unsigned *ms)
{
    bool leg = a407_engine_in_handshake(e);
    *ms = e->proxy->config->wait_ms;
    switch (kind) {
    case A407_WANT_SEND:
        return A407_DUE_SEND;
    case A407_WANT_RECONNECT:
        return A407_DUE_CONNECT;
    case A407_WANT_ASK:
        if (e->ask != A407_ASK_MARK) /* that is about another's answer */
            *ms = e->proxy->config->helper_ms;
        return A407_DUE_OUTSIDE;
    case A407_WANT_PEEK:
    case A407_WANT_CONSUME:
        if (a407_engine_retrying(e) && e->exchange.on_kept &&
            !origins_turn(e) && (leg || !request_open(e))) {
            *ms = silence_ms(e);
            return A407_DUE_SILENCE;
        }
        if (leg || e->state != A407_ST_DRAIN)
            return leg ? A407_DUE_LEG : A407_DUE_NONE;
        /* what can't be answered any more is given back, whole if it comes */
        if (!e->overflow && !e->pipelined && *ms > DRAIN_MS)
            *ms = DRAIN_MS;
        return A407_DUE_BODY;
    default:
        return A407_DUE_NONE;
    }
}

/* May the program's next byte not go yet? */
static bool must_wait(const struct a407_engine *e, enum a407_want_kind kind)
{
    return kind == A407_WANT_SEND || kind == A407_WANT_RECONNECT ||
           kind == A407_WANT_ASK || kind == A407_WANT_GIVE_BACK ||
           a407_engine_in_handshake(e);
}

/* Only in the tests' build. */
static void must(bool holds)
{
#ifdef A407_DEBUG
    if (!holds)
        __builtin_trap();
#endif
    (void)holds;
}

/* What holds between two calls. */
static void check(const struct a407_engine *e)
{
    const struct a407_exchange *exchange = &e->exchange;
    bool between = e->state == A407_ST_FRESH || e->state == A407_ST_IDLE;
    bool over = e->state == A407_ST_FORGET || e->state == A407_ST_DELIVER_SAVED;
    bool ours = exchange->course == A407_COURSE_OURS;
    must(e->awaiting <= e->n_in_flight);
    must(e->n_in_flight <= A407_IN_FLIGHT_MAX);
    must(over || between == !e->n_in_flight);
    must(!e->passive || between || over || e->state == A407_ST_WAIT ||
         e->state == A407_ST_DELIVER);
    must(!ours ||
         (exchange->scheme && exchange->cred_index < e->proxy->n_creds));
    must(!exchange->state || exchange->scheme);
    must(e->state != A407_ST_ASK || e->ask_cred < e->proxy->n_creds);
    must(!over || !e->ev);
    must(e->state == A407_ST_FORGET || e->head_n <= e->request.n);
    must(e->since_us <= e->mono_us);
}

struct a407_plan a407_engine_plan(const struct a407_engine *e)
{
    check(e);
    struct a407_plan p = what(e);
    unsigned ms;
    p.write = must_wait(e, p.kind) ? A407_WRITE_WAIT : write_mode(e);
    p.write_credit = write_credit(e);
    p.read_credit = read_credit(e);
    p.own = e->output.n && e->output_is_own;
    p.repeated = a407_engine_retrying(e);
    p.fresh = e->exchange.reconnected;
    p.leg = a407_engine_in_handshake(e);
    p.open = request_open(e);
    p.unanswered = awaited(e) && e->writing == A407_W_START;
    p.watch = awaited(e) && e->writing == A407_W_BODY;
    p.behind = a407_engine_wants_behind(e);
    p.tunnel = e->writing == A407_W_START && a407_engine_behind_connect(e);
    p.rest = a407_engine_wants_rest(e);
    p.due = e->since_us ? due(e, p.kind, &ms) : A407_DUE_NONE;
    if (p.due != A407_DUE_NONE)
        p.until_us = e->since_us + (int64_t)ms * 1000;
    return p;
}
