/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <errno.h>
#include <fcntl.h>

#include "other_libc.h"
#include "real.h"
#include "socket.h"

/* ---- sending ---- */

/* What the engine has to send is not to be waited for any longer. */
static void give_up(struct a407_turn *t, int error)
{
    t->failed = error;
    a407_engine_closed(t->c->engine);
    if (error != EPIPE && error != ECONNRESET && a407_turn_hold(t) >= 0)
        REAL(shutdown)(t->held, SHUT_RDWR);
}

/*
 * What the engine has to send can't go out whole. A repeat may go elsewhere;
 * but where part of the program's own request is out, nothing may follow it:
 * the proxy would take it for the rest. So the connection is shut, and the
 * program is told.
 */
static enum a407_pump send_failed(struct a407_turn *t, int error)
{
    struct a407_conn *c = t->c;
    a407_engine_send_failed(c->engine);
    if (a407_engine_plan(c->engine).kind == A407_WANT_FORGET)
        give_up(t, error);
    return A407_PUMP_READY;
}

bool a407_expire(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    if (c->errand) /* its process has that time by itself (talk.h) */
        return false;
    enum a407_due due = a407_engine_plan(c->engine).due;
    if (!a407_engine_expired(c->engine))
        return false;
    c->asking = 0;
    a407_reconnect_drop(c);
    if (due == A407_DUE_SEND &&
        a407_engine_plan(c->engine).kind == A407_WANT_FORGET)
        give_up(t, ETIMEDOUT);
    return true;
}

/*
 * What the next bytes go to; -1: nothing can be sent. Without a private fd what
 * the program wrote itself, and was held back, goes by its own number, as its
 * own call would; nothing of ours does, nor to another place.
 */
static int way_out(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    int held = a407_turn_hold(t); /* first: what is held back is its own now */
    struct a407_plan plan = a407_engine_plan(c->engine);
    if (plan.own && held < 0 && a407_socket_cookie(t->fd) == c->cookie)
        return t->fd;
    if (plan.own || plan.kind != A407_WANT_SEND || t->lost ||
        (held >= 0 && !a407_socket_leads_elsewhere(c, held)))
        return held;
    c->error = held < 0 ? EMFILE : 0; /* for a reader */
    give_up(t, held < 0 ? EMFILE : ECONNRESET);
    return -1;
}

static enum a407_pump flush(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    for (;;) {
        int to = way_out(t);
        if (to < 0)
            return t->failed ? A407_PUMP_READY : A407_PUMP_LOST;
        struct a407_span out = a407_engine_output(c->engine);
        if (!out.n) {
            c->unsent = false;
            if (!a407_engine_plan(c->engine).leg &&
                __atomic_load_n(&c->shut_write, __ATOMIC_RELAXED))
                REAL(shutdown)(to, SHUT_WR);
            return A407_PUMP_READY;
        }
        ssize_t k = REAL(send)(to, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0 && errno == EAGAIN)
            return A407_PUMP_WAIT;
        if (k < 0)
            return send_failed(t, errno);
        c->sent += (uint64_t)k;
        a407_engine_sent(c->engine, (size_t)k);
    }
}

/* What takes longer than the plan allows is given up. */
static enum a407_pump in_time(struct a407_turn *t, enum a407_pump came_to)
{
    return came_to == A407_PUMP_WAIT && a407_expire(t) ? A407_PUMP_READY
                                                       : came_to;
}

static enum a407_pump one_step(struct a407_turn *t,
                               const struct a407_plan *plan)
{
    switch (plan->kind) {
    case A407_WANT_SEND:
        return in_time(t, flush(t));
    case A407_WANT_PEEK:
        return a407_peek(t, plan->n);
    case A407_WANT_ASK:
        return in_time(t, a407_answer_asks(t));
    case A407_WANT_CONSUME:
        return a407_consume(t, plan->n);
    case A407_WANT_RECONNECT:
        return in_time(t, a407_reconnect(t));
    case A407_WANT_GIVE_BACK:
        a407_give_back(t);
        break;
    default:
        break;
    }
    return t->lost ? A407_PUMP_LOST : A407_PUMP_READY;
}

enum a407_pump a407_pump_out(struct a407_turn *t)
{
    enum a407_pump came_to = A407_PUMP_READY;
    while (came_to == A407_PUMP_READY && !t->failed) {
        struct a407_plan plan = a407_engine_plan(t->c->engine);
        if (plan.kind != A407_WANT_ASK && plan.kind != A407_WANT_SEND)
            break;
        came_to = one_step(t, &plan);
    }
    return came_to;
}

/* ---- all of it ---- */

/* The program has shut the connection down: nothing is repeated on it. */
static bool shut_down(struct a407_conn *c)
{
    if (!__atomic_load_n(&c->shut_read, __ATOMIC_RELAXED))
        return false;
    a407_engine_closed(c->engine);
    return true;
}

/* There is nothing more to be done in the program's place. */
static bool is_the_programs(enum a407_want_kind kind)
{
    return kind == A407_WANT_DELIVER || kind == A407_WANT_FORGET ||
           kind == A407_WANT_GIVE_BACK;
}

enum a407_pump a407_pump(struct a407_turn *t)
{
    /* The bound is on work, not on time: each turn moves the engine on. */
    for (int turns = 0; turns < 100000; turns++) {
        if (!t->c)
            return A407_PUMP_LOST;
        if (shut_down(t->c))
            return A407_PUMP_READY;
        struct a407_plan plan = a407_engine_plan(t->c->engine);
        enum a407_pump came_to = one_step(t, &plan);
        if (t->c && came_to == A407_PUMP_READY)
            t->c->steps++;
        if (is_the_programs(plan.kind) || came_to != A407_PUMP_READY)
            return came_to;
    }
    a407_engine_closed(t->c->engine);
    return A407_PUMP_READY;
}

bool a407_wait_for_pump(struct a407_turn *t)
{
    struct a407_account a = a407_account_of(t->c);
    int64_t own = a407_turn_limit(t);
    int64_t until = a.until < own ? a.until : own;
    int fd = a.fd == A407_OWN_FD ? t->fd : a.fd;
    a407_turn_pause(t);
    int ev = fd < 0 ? a407_pause(until) : a407_wait(fd, a.events, until);
    a407_turn_resume(t);
    if (ev < 0)
        return false;
    errno = EAGAIN;
    return ev > 0 || a407_now_ms() < own;
}

/* The first look at what others have done, and the longest way to the next. */
#define LOOK_MS      2
#define LOOK_MOST_MS 64

int a407_wait_for_bytes(struct a407_turn *t, int64_t until)
{
    unsigned before = t->c->steps;
    int64_t ms = LOOK_MS;
    for (;;) {
        int64_t look = a407_now_ms() + ms;
        if (look > until || a407_single_threaded())
            look = until;
        a407_turn_pause(t);
        int ev = a407_wait(t->fd, POLLIN, look);
        a407_turn_resume(t);
        if (ev < 0)
            return -1;
        if (ev > 0 || !t->c || t->c->steps != before)
            return 1;
        if (a407_now_ms() >= until)
            return 0;
        ms = ms < LOOK_MOST_MS ? 2 * ms : ms;
    }
}
