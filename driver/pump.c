/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <errno.h>
#include <sys/socket.h>

/* ---- sending ---- */

/* What the engine has to send is not to be waited for any longer. */
static void give_up(struct a407_driver *d, int error)
{
    d->failed = error;
    a407_engine_closed(d->engine);
    if (error != EPIPE && error != ECONNRESET &&
        d->transport->hold(d->link) == A407_HELD)
        d->transport->shut(d->link, SHUT_RDWR);
}

/*
 * What the engine has to send can't go out whole. A repeat may go elsewhere.
 * Behind a part of the program's own request nothing may follow, which the
 * proxy would take for the rest: it is shut, and the program told.
 */
static enum a407_driven send_failed(struct a407_driver *d, int error)
{
    a407_engine_send_failed(d->engine);
    if (a407_engine_plan(d->engine).kind == A407_WANT_FORGET)
        give_up(d, error);
    return A407_DRIVEN;
}

bool a407_driver_expire(struct a407_driver *d)
{
    if (d->errand ||
        (d->joined && !d->shared->beginning)) /* its process has that time by
                                                 itself (talk.h) */
        return false;
    enum a407_due due = a407_engine_plan(d->engine).due;
    if (!a407_engine_expired(d->engine))
        return false;
    a407_driver_give_up_beginning(d);
    d->transport->drop_renewal(d->link);
    d->renewal_busy = false;
    d->renewal_fd = -1;
    if (due == A407_DUE_SEND &&
        a407_engine_plan(d->engine).kind == A407_WANT_FORGET)
        give_up(d, ETIMEDOUT);
    return true;
}

/* Bytes of ours may not go, there or at all: the reader is to hear of it. */
static enum a407_driven refuse(struct a407_driver *d, enum a407_hold hold)
{
    if (hold == A407_OTHERS)
        return A407_NOT_FOLLOWED;
    d->error = hold == A407_HELD ? 0 : EMFILE;
    give_up(d, hold == A407_HELD ? ECONNRESET : EMFILE);
    return A407_DRIVEN;
}

/* All is out. */
static enum a407_driven flushed(struct a407_driver *d, enum a407_hold hold)
{
    if (hold == A407_OTHERS)
        return A407_NOT_FOLLOWED;
    d->unsent = false;
    if (hold == A407_HELD && !a407_engine_plan(d->engine).leg &&
        __atomic_load_n(&d->shut_write, __ATOMIC_RELAXED))
        d->transport->shut(d->link, SHUT_WR);
    return A407_DRIVEN;
}

/* The program's own bytes that were held back go to its connection, held or
   not, as its own call would; nothing of ours does, nor to another peer. */
static enum a407_driven flush(struct a407_driver *d)
{
    for (;;) {
        /* first: where it is not held, what is left is the program's own */
        enum a407_hold hold = d->transport->hold(d->link);
        struct a407_span out = a407_engine_output(d->engine);
        bool own = a407_engine_plan(d->engine).own;
        if (!out.n)
            return flushed(d, hold);
        if (!own && (hold != A407_HELD || !d->transport->is_same_peer(d->link)))
            return refuse(d, hold);
        ssize_t k = d->transport->send(d->link, out.p, out.n, own);
        if (k < 0 && errno == EAGAIN)
            return A407_NEEDS_WORK;
        if (k < 0 && errno == EBADF)
            return A407_NOT_FOLLOWED;
        if (k < 0)
            return send_failed(d, errno);
        a407_engine_sent(d->engine, (size_t)k);
    }
}

/* ---- a new connection, or none ---- */

static enum a407_driven renew(struct a407_driver *d)
{
    if (d->transport->hold(d->link) != A407_HELD)
        return A407_NOT_FOLLOWED;
    d->error = 0;
    enum a407_renewal is = d->transport->renew(d->link);
    if (is == A407_RENEWAL_PENDING)
        return A407_NEEDS_WORK;
    d->renewal_busy = false;
    d->renewal_fd = -1;
    if (is == A407_RENEWAL_OTHERS)
        return A407_NOT_FOLLOWED;
    d->renewals += is == A407_RENEWED;
    if (is != A407_RENEWAL_DROPPED)
        a407_engine_reconnected(d->engine, is == A407_RENEWED);
    return A407_DRIVEN;
}

static enum a407_driven give_back(struct a407_driver *d)
{
    enum a407_hold hold = d->transport->hold(d->link);
    d->given_back =
        hold == A407_HELD &&
        d->transport->give_back(d->link, a407_engine_kept(d->engine));
    d->error = 0;
    a407_engine_closed(d->engine);
    return hold == A407_OTHERS ? A407_NOT_FOLLOWED : A407_DRIVEN;
}

/* ---- all of it ---- */

/* The program has shut it down: nothing is repeated on it. */
static bool shut_down(struct a407_driver *d)
{
    if (!__atomic_load_n(&d->shut_read, __ATOMIC_RELAXED))
        return false;
    a407_engine_closed(d->engine);
    return true;
}

static bool is_outwards(enum a407_want_kind kind)
{
    return kind == A407_WANT_ASK || kind == A407_WANT_SEND;
}

enum a407_driven a407_driver_pump(struct a407_driver *d, enum a407_pump which)
{
    /* The bound is on work, not on time: each turn moves the engine on. */
    for (int turns = 0; turns < 100000; turns++) {
        if (which == A407_PUMP_ALL && shut_down(d))
            return A407_DRIVEN;
        struct a407_plan plan = a407_engine_plan(d->engine);
        enum a407_driven is = A407_DRIVEN;
        if (which == A407_PUMP_OUT && (d->failed || !is_outwards(plan.kind)))
            return A407_DRIVEN;
        switch (plan.kind) {
        case A407_WANT_SEND:
            is = flush(d);
            break;
        case A407_WANT_PEEK:
            is = a407_driver_peek(d, plan.n);
            break;
        case A407_WANT_ASK:
            is = a407_driver_ask(d);
            break;
        case A407_WANT_CONSUME:
            is = a407_driver_consume(d, plan.n);
            break;
        case A407_WANT_RECONNECT:
            is = renew(d);
            break;
        case A407_WANT_GIVE_BACK:
            return give_back(d);
        case A407_WANT_DELIVER:
            if (a407_driver_see_behind(d))
                break;
            return A407_DRIVEN;
        case A407_WANT_FORGET:
            return A407_DRIVEN;
        }
        /* what takes longer than the plan allows is given up, also for who
           never sleeps until there is something */
        bool full = is == A407_NEEDS_WORK && plan.kind == A407_WANT_PEEK;
        bool waits = is == A407_NEEDS_WORK || is == A407_NEEDS_BYTES;
        if (is != A407_DRIVEN && (!waits || full || !a407_driver_expire(d)))
            return is;
        d->steps++;
    }
    a407_engine_closed(d->engine);
    return A407_DRIVEN;
}
