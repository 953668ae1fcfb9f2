/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <errno.h>

/* ---- how far a write is ---- */

struct a407_span a407_write_rest(struct a407_write *w)
{
    while (w->i < w->n && w->at == w->iov[w->i].iov_len)
        w->i++, w->at = 0;
    if (w->i == w->n)
        return (struct a407_span){0};
    const struct iovec *v = &w->iov[w->i];
    return a407_span((const char *)v->iov_base + w->at, v->iov_len - w->at);
}

/* engine: that is told of the bytes; NULL: it knows. */
static void advance(struct a407_write *w, size_t n, struct a407_engine *engine)
{
    struct a407_span s;
    while (n && (s = a407_write_rest(w)).n) {
        size_t k = n < s.n ? n : s.n;
        if (engine)
            a407_engine_wrote(engine, s.p, k);
        w->at += k;
        w->done += k;
        n -= k;
    }
}

void a407_write_advance(struct a407_write *w, size_t n)
{
    advance(w, n, NULL);
}

void a407_driver_wrote(struct a407_driver *d, struct a407_write *w, size_t n)
{
    advance(w, n, d->engine);
}

/* ---- an answer before the request was out ---- */

/* A look costs system calls: one for so many bytes is enough, one before a
   wait, and one after a pause of the program's, in which it may have come. */
#define PAUSE_MS 8

static bool time_to_look(struct a407_driver *d)
{
    bool paused = d->now_ms - d->wrote_ms >= PAUSE_MS;
    d->wrote_ms = d->now_ms;
    return paused || d->unwatched >= A407_LOOK_EVERY;
}

/* Of what the look needs, all but bytes is waited for: the program writes on
   only when the repeat is on its way. */
static enum a407_driven look_at_answer(struct a407_driver *d)
{
    struct a407_plan plan = a407_engine_plan(d->engine);
    d->unwatched = 0;
    if (!plan.watch && !plan.behind)
        return A407_DRIVEN;
    enum a407_driven is = a407_driver_pump(d, A407_PUMP_ALL);
    return is == A407_NEEDS_WORK || is == A407_NOT_FOLLOWED ? is : A407_DRIVEN;
}

/*
 * The socket is full, or the proxy has hung up: perhaps after a 407 that can be
 * answered, and then a new connection may have room, or the answer to the
 * repeat is there already. `otherwise`: what the write comes to if not.
 */
static enum a407_driven look_first(struct a407_driver *d,
                                   enum a407_driven otherwise)
{
    unsigned before = d->renewals;
    int error = errno;
    enum a407_driven is = look_at_answer(d);
    errno = error;
    return is != A407_DRIVEN || d->given_back || d->renewals != before
               ? is
               : otherwise;
}

/* ---- as the program gave it ---- */

static enum a407_driven pass(struct a407_driver *d, struct a407_write *w)
{
    if (time_to_look(d)) {
        enum a407_driven is = look_at_answer(d);
        if (is != A407_DRIVEN)
            return is;
    }
    if (a407_driver_is_over(d))
        return A407_PASS;
    if (a407_engine_plan(d->engine).write == A407_WRITE_WAIT || d->given_back)
        return A407_DRIVEN; /* that look has begun something, or gave up */
    ssize_t k = d->transport->pass(d->link, w);
    if (k >= 0) {
        d->unwatched += (size_t)k;
        a407_driver_wrote(d, w, (size_t)k);
        return A407_DRIVEN;
    }
    switch (errno) {
    case EAGAIN:
        return look_first(d, A407_NEEDS_ROOM);
    case ENOTSOCK: /* closed behind our back, and used again */
        return d->transport->hold(d->link) == A407_HELD ? A407_FAILED
                                                        : A407_NOT_FOLLOWED;
    case EPIPE:
    case ECONNRESET:
        return look_first(d, A407_FAILED);
    default:
        return A407_FAILED;
    }
}

/* ---- with a header of ours ---- */

/* Brings out what is held back. */
static enum a407_driven bring_out(struct a407_driver *d, struct a407_write *w)
{
    enum a407_driven is = a407_driver_pump(d, A407_PUMP_OUT);
    if (is != A407_DRIVEN)
        return is;
    w->held = d->unsent = false;
    if (!d->failed)
        return A407_DRIVEN;
    errno = d->failed;
    w->done = 0;
    return A407_FAILED;
}

void a407_driver_let_out(struct a407_driver *d)
{
    a407_engine_let_out(d->engine);
    struct a407_plan plan = a407_engine_plan(d->engine);
    if (plan.kind != A407_WANT_SEND || !plan.own)
        return;
    d->unsent = true;
    a407_driver_pump(d, A407_PUMP_OUT);
}

/* Takes bytes that will go out with a header of ours. */
static enum a407_driven hold(struct a407_driver *d, struct a407_write *w,
                             bool begins)
{
    int room = d->transport->room(d->link);
    if (!room)
        return A407_NEEDS_ROOM;
    struct a407_span s = a407_write_rest(w);
    s.n = room < 0 ? 0 : d->transport->readable(d->link, s.p, s.n);
    if (!s.n && begins) /* not connected, broken, not readable: the kernel's
                           answer is the right one */
        return pass(d, w);
    if (!s.n) { /* ... behind what is held, which goes first, as it is */
        a407_engine_let_out(d->engine);
        return A407_DRIVEN;
    }
    if (begins)
        a407_driver_check_unseen(d);
    if (d->transport->hold(d->link) == A407_OTHERS)
        return A407_NOT_FOLLOWED;
    a407_write_advance(w, a407_engine_hold(d->engine, s.p, s.n));
    w->held = true;
    return bring_out(d, w);
}

/* ---- all of it ---- */

/*
 * What has begun comes first: another thread, which holds no lock over a wait,
 * may be in the middle of a head that is held back, a repeat, a new connection.
 * The legs of a handshake go without the body, which follows the last one: what
 * is waited for is the proxy's next answer.
 */
static enum a407_driven finish_what_has_begun(struct a407_driver *d)
{
    while (a407_engine_plan(d->engine).write == A407_WRITE_WAIT) {
        enum a407_driven is = a407_driver_pump(d, A407_PUMP_ALL);
        if (is == A407_NEEDS_WORK || is == A407_NOT_FOLLOWED ||
            (is == A407_NEEDS_BYTES && a407_engine_plan(d->engine).leg))
            return is;
        errno = d->failed;
        if (d->failed)
            return A407_FAILED;
    }
    return A407_DRIVEN;
}

enum a407_driven a407_driver_write(struct a407_driver *d, struct a407_write *w)
{
    enum a407_driven is = A407_DRIVEN;
    while (is == A407_DRIVEN && (w->held || a407_write_rest(w).n)) {
        is = w->held ? bring_out(d, w) : finish_what_has_begun(d);
        if (is != A407_DRIVEN || !a407_write_rest(w).n)
            continue;
        if (d->given_back) { /* nobody wants the rest of this request */
            a407_write_advance(w, a407_write_rest(w).n);
            continue;
        }
        if (a407_engine_plan(d->engine).tunnel)
            a407_driver_check_unseen(d);
        struct a407_plan plan = a407_engine_plan(d->engine);
        if (plan.write == A407_WRITE_FORGET)
            is = A407_PASS;
        else if (plan.write == A407_WRITE_HOLD)
            is = hold(d, w, !plan.open);
        else if (plan.write == A407_WRITE_PASS)
            is = pass(d, w);
        /* else what was held back goes out first */
    }
    return is;
}
