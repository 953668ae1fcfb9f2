/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "ask.h"
#include "core/http/http.h"
#include "other_libc.h"
#include "real.h"
#include "socket.h"

void a407_engine_lock(struct a407_conn *c)
{
    pthread_mutex_lock(&c->site->lock);
}

void a407_engine_lock_now(struct a407_conn *c)
{
    pthread_mutex_lock(&c->site->lock);
    a407_engine_time(c->engine, a407_clock_us(CLOCK_REALTIME),
                     a407_clock_us(CLOCK_MONOTONIC));
}

void a407_engine_unlock(struct a407_conn *c)
{
    pthread_mutex_unlock(&c->site->lock);
}

struct a407_plan a407_plan(struct a407_conn *c)
{
    a407_engine_lock(c);
    struct a407_plan plan = a407_engine_plan(c->engine);
    a407_engine_unlock(c);
    return plan;
}

/* Our SO_RCVLOWAT, so that a program's poll sleeps until more can be told. */
static void set_lowat(struct a407_conn *c, int held, size_t need)
{
    int now = 1, want = (int)need;
    socklen_t n = sizeof now;
    if (!c->lowat) {
        getsockopt(held, SOL_SOCKET, SO_RCVLOWAT, &now, &n);
        c->lowat = now;
    }
    setsockopt(held, SOL_SOCKET, SO_RCVLOWAT, &want, sizeof want);
}

static void restore_lowat(struct a407_conn *c, int held)
{
    if (!c->lowat)
        return;
    setsockopt(held, SOL_SOCKET, SO_RCVLOWAT, &c->lowat, sizeof c->lowat);
    c->lowat = 0;
}

void a407_engine_tell(struct a407_conn *c, void (*what)(struct a407_engine *e))
{
    a407_engine_lock_now(c);
    what(c->engine);
    a407_engine_unlock(c);
}

bool a407_forget_if_done(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    if (c->gone)
        return true;
    if (a407_plan(c).kind != A407_WANT_FORGET || c->given_back)
        return false;
    if (c->lowat && a407_turn_hold(t) >= 0)
        restore_lowat(c, t->held);
    c->gone = true;
    a407_conn_retire(c);
    return true;
}

void a407_check_unseen(struct a407_turn *t)
{
    if (a407_turn_hold(t) >= 0 && (a407_socket_has_unseen(t->c, t->held) ||
                                   a407_socket_leads_elsewhere(t->c, t->held)))
        a407_engine_tell(t->c, a407_engine_forget);
}

/* ---- looking ---- */

static bool scratch(struct a407_conn *c, size_t n)
{
    if (c->scratch_n >= n)
        return true;
    char *p = malloc(n);
    if (!p)
        return false;
    a407_wipe(c->scratch, c->scratch_n);
    free(c->scratch);
    c->scratch = p;
    c->scratch_n = n;
    return true;
}

/*
 * Reads into the scratch buffer without waiting. Returns the bytes; 0 with
 * *end set at the end of the connection or an error; 0 without: nothing there.
 */
static size_t grab(struct a407_conn *c, int held, size_t n, int flags,
                   bool *end)
{
    *end = c->error != 0;
    if (*end)
        return 0;
    ssize_t k = REAL(recv)(held, c->scratch, n, flags | MSG_DONTWAIT);
    if (k > 0)
        return (size_t)k;
    if (k == 0) {
        *end = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        /* Taking an error off the socket clears it: the program gets it from
           us if it comes to that. */
        c->error = errno;
        *end = true;
    }
    return 0;
}

void a407_see_rest(struct a407_conn *c)
{
    bool end;
    int held = a407_plan(c).rest ? a407_socket_hold(c, c->fd) : -1;
    if (held < 0)
        return;
    if (scratch(c, A407_HEAD_MAX)) {
        size_t k = grab(c, held, c->scratch_n, MSG_PEEK, &end);
        a407_engine_lock(c);
        a407_engine_rest(c->engine, c->scratch, k);
        a407_engine_unlock(c);
    }
    a407_socket_release(held, c->fd);
}

bool a407_see_behind(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    bool end;
    if (!a407_plan(c).behind || !scratch(c, A407_HEAD_MAX) ||
        a407_turn_hold(t) < 0)
        return false;
    size_t k = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    a407_engine_lock(c);
    bool is_407 = a407_engine_behind(c->engine, c->scratch, k);
    a407_engine_unlock(c);
    return is_407;
}

/*
 * How long the rest of a head may be in coming where the receive buffer looks
 * full. POLLIN at fewer bytes than our SO_RCVLOWAT does not prove that it is:
 * that comes as soon as the window is no larger than a segment, and in a small
 * buffer it is never larger.
 */
#define FULL_MS 300

static void look_again(struct a407_turn *t, size_t *k)
{
    struct a407_conn *c = t->c;
    bool end;
    size_t now = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    *k = now > *k ? now : *k;
}

enum more { MORE_LATER, MORE_SOON, MORE_NEVER };

/*
 * Of a head there are `*k` bytes, fewer than are needed. NEVER: there will be
 * no more, since the connection ends or its receive buffer is full: then it is
 * too long a head. What has come in the meantime counts: the last look is after
 * the last question, or the answer would be about bytes that nobody has seen.
 * SOON: it looks full, and POLLIN is there all the time.
 */
static enum more comes_more(struct a407_turn *t, size_t *k)
{
    struct a407_conn *c = t->c;
    size_t before = c->peeked;
    int ev = a407_ready(t->held, POLLRDHUP | POLLIN);
    bool ends = ev & ~POLLIN;
    bool full = ev && c->lowat && *k == before;
    if (full || ends)
        look_again(t, k);
    full = full && *k == before;
    c->peeked = *k;
    if (ends)
        return MORE_NEVER;
    if (!full) {
        c->full_until = 0;
        return MORE_LATER;
    }
    int64_t now = a407_now_ms();
    if (!c->full_until) {
        c->full_until = now + FULL_MS;
        c->full_ms = 1;
    }
    if (now >= c->full_until)
        return MORE_NEVER;
    c->look_again = now + c->full_ms;
    c->full_ms *= 2;
    return MORE_SOON;
}

/* The first bytes of an answer are there. */
static void show(struct a407_turn *t, size_t k, bool end)
{
    struct a407_conn *c = t->c;
    c->peeked = 0;
    c->full_until = 0;
    restore_lowat(c, t->held);
    /* Inside a tunnel that we have not seen being made it would be the
       origin's 407. */
    if (k && a407_sniff_407(c->scratch, k) == A407_SNIFF_YES)
        a407_check_unseen(t);
    a407_engine_lock_now(c);
    a407_engine_peeked(c->engine, c->scratch, k, end);
    a407_engine_unlock(c);
}

static enum a407_pump do_peek(struct a407_turn *t, size_t need)
{
    struct a407_conn *c = t->c;
    bool end = true;
    size_t k = 0;
    if (a407_turn_hold(t) < 0)
        return A407_PUMP_LOST;
    if (scratch(c, need > 4096 ? A407_HEAD_MAX + 1 : 4096))
        k = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    if (!k && !end)
        return A407_PUMP_SHORT;
    if (k == c->scratch_n && k < A407_HEAD_MAX && scratch(c, A407_HEAD_MAX + 1))
        k = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    if (k && k < need) {
        enum more more = comes_more(t, &k);
        if (k < need && more != MORE_NEVER) {
            set_lowat(c, t->held, need);
            return more == MORE_SOON ? A407_PUMP_WAIT : A407_PUMP_SHORT;
        }
        end = k < need;
    }
    show(t, k, end);
    return A407_PUMP_READY;
}

static enum a407_pump do_consume(struct a407_turn *t, size_t n)
{
    struct a407_conn *c = t->c;
    bool end = true;
    size_t k = 0;
    if (a407_turn_hold(t) < 0)
        return A407_PUMP_LOST;
    if (scratch(c, 16384))
        k = grab(c, t->held, n < c->scratch_n ? n : c->scratch_n, 0, &end);
    if (!k && !end)
        return A407_PUMP_SHORT;
    c->received += k;
    a407_engine_lock_now(c);
    a407_engine_consumed(c->engine, c->scratch, k, end);
    a407_engine_unlock(c);
    return A407_PUMP_READY;
}

/* ---- sending ---- */

/*
 * What the engine has to send can't go out whole. A repeat may go elsewhere;
 * but where part of the program's own request is out, nothing may follow it:
 * the proxy would take it for the rest. So the connection is shut, and the
 * program is told.
 */
static enum a407_pump send_failed(struct a407_turn *t, int error)
{
    struct a407_conn *c = t->c;
    a407_engine_tell(c, a407_engine_send_failed);
    if (a407_plan(c).kind == A407_WANT_FORGET)
        a407_pump_give_up(t, error);
    return A407_PUMP_READY;
}

void a407_pump_give_up(struct a407_turn *t, int error)
{
    t->failed = error;
    a407_engine_tell(t->c, a407_engine_closed);
    if (error != EPIPE && error != ECONNRESET && a407_turn_hold(t) >= 0)
        REAL(shutdown)(t->held, SHUT_RDWR);
}

bool a407_expire(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    /* a process that was started has its time from then on, and an end of its
       own (talk.h) */
    if (c->errand)
        return false;
    a407_engine_lock_now(c);
    enum a407_due due = a407_engine_plan(c->engine).due;
    bool expired = a407_engine_expired(c->engine);
    a407_engine_unlock(c);
    if (!expired)
        return false;
    c->asking = 0;
    a407_reconnect_drop(c);
    if (due == A407_DUE_SEND && a407_plan(c).kind == A407_WANT_FORGET)
        a407_pump_give_up(t, ETIMEDOUT);
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
    struct a407_plan plan = a407_plan(c);
    if (plan.own && held < 0 && a407_socket_cookie(t->fd) == c->cookie)
        return t->fd;
    if (plan.own || plan.kind != A407_WANT_SEND || t->lost ||
        (held >= 0 && !a407_socket_leads_elsewhere(c, held)))
        return held;
    c->error = held < 0 ? EMFILE : 0; /* for a reader */
    a407_pump_give_up(t, held < 0 ? EMFILE : ECONNRESET);
    return -1;
}

static enum a407_pump flush(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    for (;;) {
        int to = way_out(t);
        if (to < 0)
            return t->failed ? A407_PUMP_READY : A407_PUMP_LOST;
        /* the time before it goes: the answer may be here before we are back */
        a407_engine_lock_now(c);
        struct a407_span out = a407_engine_output(c->engine);
        bool last = !a407_engine_plan(c->engine).leg;
        a407_engine_unlock(c);
        if (!out.n) {
            c->unsent = false;
            if (last && __atomic_load_n(&c->shut_write, __ATOMIC_RELAXED))
                REAL(shutdown)(to, SHUT_WR);
            return A407_PUMP_READY;
        }
        ssize_t k = REAL(send)(to, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0 && errno == EAGAIN)
            return A407_PUMP_WAIT;
        if (k < 0)
            return send_failed(t, errno);
        c->sent += (uint64_t)k;
        a407_engine_lock(c);
        a407_engine_sent(c->engine, (size_t)k);
        a407_engine_unlock(c);
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
        return do_peek(t, plan->n);
    case A407_WANT_ASK:
        return in_time(t, a407_answer_asks(t));
    case A407_WANT_CONSUME:
        return do_consume(t, plan->n);
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
        struct a407_plan plan = a407_plan(t->c);
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
    a407_engine_tell(c, a407_engine_closed);
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
        struct a407_plan plan = a407_plan(t->c);
        enum a407_pump came_to = one_step(t, &plan);
        if (t->c && came_to == A407_PUMP_READY)
            t->c->steps++;
        if (is_the_programs(plan.kind) || came_to != A407_PUMP_READY)
            return came_to;
    }
    a407_engine_tell(t->c, a407_engine_closed);
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

bool a407_blocks(int fd, int flags)
{
    if (flags & MSG_DONTWAIT)
        return false;
    int fl = REAL(fcntl)(fd, F_GETFL);
    return fl < 0 || !(fl & O_NONBLOCK);
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
