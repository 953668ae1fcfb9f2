/* SPDX-License-Identifier: MIT */
#include "block.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "core/http/http.h"
#include "guard.h"
#include "other_libc.h"
#include "real.h"
#include "socket.h"

/* ---- asleep ---- */

/* Would read() be restarted after a signal? Not knowing which one came, all
   handlers are asked, but for those of a fault: none interrupts a sleep. */
static bool signals_restart(void)
{
    struct sigaction sa;
    for (int s = 1; s < SIGRTMIN; s++)
        if (!a407_is_fault(s) && sigaction(s, NULL, &sa) == 0 &&
            sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN &&
            !(sa.sa_flags & SA_RESTART))
            return false;
    return true;
}

static int left_of(int64_t until)
{
    if (until == A407_FOR_EVER)
        return -1;
    int64_t left = until - a407_now_ms();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int a407_wait(int fd, short events, int64_t until)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int k = REAL(poll)(&p, 1, left_of(until));
        if (k > 0)
            return p.revents;
        if (k == 0 || errno != EINTR || !signals_restart())
            return k;
    }
}

/* By how much the kernel's limit and our clock may differ. */
#define TICK_MS 20

/* ---- as the program ---- */

/*
 * Only part of what was waited for has come: why? The end of the connection, or
 * a small receive buffer: another look will tell. SO_RCVTIMEO, or a signal,
 * which ends a read with a limit even with SA_RESTART: the program is told.
 */
static bool was_disturbed(struct a407_turn *t, ssize_t k, int64_t slept,
                          int *error)
{
    int own = a407_socket_timeout_ms(t->fd, SO_RCVTIMEO);
    if (!t->c->lowat || a407_ready(t->fd, POLLRDHUP) ||
        k >= a407_socket_int(t->fd, SO_RCVLOWAT))
        return false;
    *error = own >= 0 && slept + TICK_MS >= own ? EAGAIN : EINTR;
    return own >= 0 || !signals_restart();
}

/* To wait for as many bytes as a head has: one buffer, many times. */
#define BIN    1024
#define PIECES (A407_HEAD_MAX / BIN + 1)

static ssize_t wait_for_bytes_natively(int fd, size_t need)
{
    char bin[BIN];
    struct iovec v[PIECES];
    struct msghdr m = {.msg_iov = v};
    while (need && m.msg_iovlen < PIECES) {
        size_t k = need < BIN ? need : BIN;
        v[m.msg_iovlen++] = (struct iovec){bin, k};
        need -= k;
    }
    return REAL(recvmsg)(fd, &m, MSG_PEEK);
}

/* In a recvmsg() of its own, so that SO_RCVTIMEO, signals and cancellation
   work. False: errno is the program's to see. */
static bool sleep_as_program(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    struct a407_plan plan = a407_engine_plan(c->driver.engine);
    size_t need = plan.kind == A407_WANT_PEEK ? plan.n : 1;
    unsigned renewed = c->renewed;
    a407_turn_pause(t);
    int64_t start = a407_now_ms();
    ssize_t k = wait_for_bytes_natively(t->fd, need);
    int64_t slept = a407_now_ms() - start;
    a407_turn_resume(t);
    int error = errno;
    if (!t->c)
        return true;
    if (renewed != t->c->renewed)
        return true; /* another thread was quicker: what ended is no more */
    if (k > 0 && (size_t)k < need && was_disturbed(t, k, slept, &error)) {
        errno = error;
        return false;
    }
    if (k >= 0)
        return true;
    if (error == EAGAIN || error == EINTR) {
        errno = error;
        return false;
    }
    t->c->driver.error = error;
    return true;
}

/* ---- in its place ---- */

/* The first look at what others have done, and the longest way to the next. */
#define LOOK_MS      2
#define LOOK_MOST_MS 64

/* Waits for bytes: 1, look again; 0, `until` is over; -1 with EINTR. It looks
   from time to time whether another thread has taken them. */
static int bytes_until(struct a407_turn *t, int64_t until)
{
    unsigned before = t->c->driver.steps;
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
        if (ev > 0 || !t->c || t->c->driver.steps != before)
            return 1;
        if (a407_now_ms() >= until)
            return 0;
        ms = ms < LOOK_MOST_MS ? 2 * ms : ms;
    }
}

/* For the answer to a repeat or to a handshake's message, and for the rest of a
   407, it waits here; else as the program would by itself. */
static bool wait_for_bytes(struct a407_turn *t)
{
    struct a407_plan plan = a407_engine_plan(t->c->driver.engine);
    /* a leg is whole, whatever the program has written of its request */
    if (!plan.leg && plan.due != A407_DUE_BODY &&
        (plan.open || !plan.repeated || plan.fresh))
        return sleep_as_program(t);
    int64_t own = a407_turn_limit(t), until = a407_plan_limit(&plan);
    int ev = bytes_until(t, own < until ? own : until);
    if (ev != 0 || !t->c)
        return ev >= 0;
    if (own <= until) {
        errno = EAGAIN;
        return false;
    }
    return a407_driver_expire(&t->c->driver) || sleep_as_program(t);
}

static bool wait_for_work(struct a407_turn *t)
{
    struct a407_need need = a407_driver_need(&t->c->driver);
    int64_t own = a407_turn_limit(t);
    int64_t until = need.until < own ? need.until : own;
    /* another thread may have gone on with it, and closed the fd */
    if (t->c->driver.joined && !a407_single_threaded() &&
        until > a407_now_ms() + LOOK_MOST_MS)
        until = a407_now_ms() + LOOK_MOST_MS;
    int fd = need.fd == A407_OWN_FD ? t->fd : need.fd;
    a407_turn_pause(t);
    int ev = a407_wait(fd, need.events, until);
    a407_turn_resume(t);
    if (ev < 0)
        return false;
    errno = EAGAIN;
    return ev > 0 || a407_now_ms() < own;
}

/* A proxy that has said 407 may never read the rest: so it looks for that. */
static bool wait_for_room(struct a407_turn *t)
{
    bool watch = a407_engine_plan(t->c->driver.engine).watch;
    struct a407_need need = a407_driver_need(&t->c->driver);
    int64_t own = a407_turn_limit(t);
    int64_t until = need.work && need.until < own ? need.until : own;
    a407_turn_pause(t);
    int ev = a407_wait(t->fd, watch ? POLLOUT | POLLIN : POLLOUT, until);
    a407_turn_resume(t);
    if (ev == 0)
        errno = EAGAIN;
    return ev > 0 || (ev == 0 && a407_now_ms() < own);
}

bool a407_block(struct a407_turn *t, enum a407_driven needs, int flags)
{
    if (!a407_socket_blocks(t->fd, flags)) {
        errno = EAGAIN;
        return false;
    }
    return needs == A407_NEEDS_BYTES  ? wait_for_bytes(t)
           : needs == A407_NEEDS_ROOM ? wait_for_room(t)
                                      : wait_for_work(t);
}
