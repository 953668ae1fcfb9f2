/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>

#include "core/http/http.h"
#include "gate.h"
#include "guard.h"
#include "pump.h"
#include "real.h"
#include "settings.h"
#include "socket.h"

/* How often to look whether the answer has been seen to. */
#define SETTLE_LOOK_MS 50

/* By how much the kernel's limit and our clock may differ. */
#define TICK_MS 20

static enum a407_gate give(struct a407_reading *r, struct a407_turn *t,
                           ssize_t result, int error)
{
    r->result = result;
    a407_turn_end(t, error);
    return A407_GATE_RETURN;
}

static enum a407_gate pass(struct a407_turn *t, int error)
{
    a407_turn_end(t, error);
    return A407_GATE_PASS;
}

static enum a407_gate deliver(struct a407_reading *r, struct a407_turn *t,
                              size_t cap, int error)
{
    r->serial = t->c->serial;
    r->cap = cap;
    t->c->reading++;
    a407_turn_end(t, error);
    return A407_GATE_DELIVER;
}

/*
 * Part of what was waited for has come, and no more: why? The end of the
 * connection, or a buffer that is too small to wait for more, are seen to by
 * another look. A limit of the program's own, or a signal, are its to know of:
 * a signal ends a sleep that has a limit whatever its handler says.
 */
static bool was_disturbed(struct a407_turn *t, ssize_t k, int64_t slept,
                          int *error)
{
    int least = 1, own = a407_socket_timeout_ms(t->fd, SO_RCVTIMEO);
    socklen_t n = sizeof least;
    if (!t->c->lowat || a407_ready(t->fd, POLLRDHUP) ||
        getsockopt(t->fd, SOL_SOCKET, SO_RCVLOWAT, &least, &n) != 0 ||
        k >= least)
        return false;
    *error = own >= 0 && slept + TICK_MS >= own ? EAGAIN : EINTR;
    return own >= 0 || !a407_signals_restart();
}

/* The most bytes of a head that are waited for, as one buffer many times: what
   they are is not of interest. */
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

/*
 * Sleeps as the program's own read would: natively, so that its SO_RCVTIMEO,
 * its signals and its cancellation work. False: errno is the program's to see.
 */
static bool sleep_as_program(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    struct a407_plan plan = a407_engine_plan(c->engine);
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
    t->c->error = error;
    return true;
}

/*
 * A program that blocks waits here for the answer to a repeat, or to the
 * message of a handshake; else as it would by itself. True: look again. False:
 * errno is set, the program is told.
 */
static bool wait_for_bytes(struct a407_turn *t)
{
    struct a407_plan plan = a407_engine_plan(t->c->engine);
    /* a leg is whole, whatever the program has written of its request */
    if (!plan.leg && (plan.open || !plan.repeated || plan.fresh))
        return sleep_as_program(t);
    int64_t own = a407_turn_limit(t), until = a407_plan_limit(&plan);
    int ev = a407_wait_for_bytes(t, own < until ? own : until);
    if (ev != 0 || !t->c)
        return ev >= 0;
    if (own <= until) {
        errno = EAGAIN;
        return false;
    }
    return a407_expire(t) || sleep_as_program(t);
}

static bool wait_for_more(struct a407_turn *t, enum a407_pump came_to,
                          int flags)
{
    if (!a407_socket_blocks(t->fd, flags)) {
        errno = EAGAIN;
        return false;
    }
    return came_to == A407_PUMP_SHORT ? wait_for_bytes(t)
                                      : a407_wait_for_pump(t);
}

/* The connection is not ours to look at any more: what of this call? */
static enum a407_gate not_followed(struct a407_reading *r, struct a407_turn *t,
                                   int saved)
{
    /* Who waits in a read while its fd is closed has no socket to read from;
       what has the number now is not what it was called for. */
    if (t->lost && t->waited)
        return give(r, t, -1, EBADF);
    return pass(t, saved);
}

static bool on_credit(struct a407_reading *r, int fd, size_t n)
{
    uint64_t begun = a407_credit_begin(fd, A407_READS, n);
    if (begun)
        *r = (struct a407_reading){.serial = a407_credit_serial(begun),
                                   .credit = begun,
                                   .cap = SIZE_MAX};
    return begun;
}

enum a407_gate a407_read_begin(int fd, size_t n, int flags, const void *caller,
                               struct a407_reading *r)
{
    struct a407_turn t;
    int saved;
    *r = (struct a407_reading){0};
    if (a407_guard.depth || (flags & (MSG_OOB | MSG_ERRQUEUE)))
        return A407_GATE_PASS;
    if (on_credit(r, fd, n))
        return A407_GATE_DELIVER;
    if (!a407_turn_begin(&t, fd, 0, flags & MSG_DONTWAIT ? 0 : SO_RCVTIMEO,
                         caller, &saved))
        return A407_GATE_PASS;
    t.c->credit[A407_READS].at = fd;
    struct a407_plan plan = a407_engine_plan(t.c->engine);
    if (plan.kind == A407_WANT_DELIVER && !t.c->gone && !t.c->error)
        return deliver(r, &t, plan.n, saved); /* the middle of an answer */
    enum a407_pump came_to;
    while (!t.c->gone && !t.c->given_back &&
           (came_to = a407_pump(&t)) != A407_PUMP_READY) {
        if (came_to == A407_PUMP_LOST)
            break;
        if (!wait_for_more(&t, came_to, flags))
            return give(r, &t, -1, errno);
        if (!t.c)
            break;
    }
    if (!t.c || t.lost)
        return not_followed(r, &t, saved);
    struct a407_conn *c = t.c;
    if (c->error) {
        int error = c->error;
        c->error = 0;
        a407_engine_delivered_end(c->engine);
        return give(r, &t, -1, error);
    }
    a407_turn_end_child(&t);
    if (a407_turn_is_forgotten(&t) || c->given_back)
        return pass(&t, saved);
    return deliver(r, &t, a407_engine_plan(c->engine).n, saved);
}

void a407_read_end(struct a407_reading *r, int fd, int flags,
                   const struct iovec *iov, size_t iov_n, ssize_t n)
{
    struct a407_turn t;
    int saved = errno;
    bool ends = n == 0 || (n < 0 && saved != EAGAIN && saved != EINTR);
    size_t taken = n < 0 || flags & MSG_PEEK ? 0 : (size_t)n;
    bool counted = r->credit && !ends && !(flags & MSG_TRUNC) &&
                   a407_credit_end(fd, A407_READS, r->credit, taken);
    if (counted || !r->serial ||
        !a407_turn_begin(&t, fd, r->serial, 0, NULL, &saved))
        return;
    struct a407_conn *c = t.c;
    if (c->reading)
        c->reading--;
    if (n > 0 && (flags & MSG_TRUNC)) {
        a407_engine_closed(c->engine); /* bytes that nobody has seen */
    } else if (n > 0 && !(flags & MSG_PEEK)) {
        size_t left = (size_t)n;
        c->received += left;
        for (size_t i = 0; i < iov_n && left; i++) {
            size_t k = iov[i].iov_len < left ? iov[i].iov_len : left;
            a407_engine_delivered(c->engine, iov[i].iov_base, k);
            left -= k;
        }
    } else if (ends && !(flags & MSG_PEEK)) {
        a407_engine_delivered_end(c->engine);
    }
    a407_turn_end(&t, saved);
}

#define ENDS (POLLRDHUP | POLLHUP | POLLERR)

unsigned a407_hides(int fd, unsigned found, unsigned *looks, const void *caller)
{
    struct a407_turn t;
    int saved;
    if (a407_credit_is_out(fd, A407_READS) || /* the middle of an answer */
        !a407_turn_begin(&t, fd, 0, 0, caller, &saved))
        return 0;
    unsigned hidden = 0;
    struct a407_account a = a407_account_of(t.c);
    bool look = a.counts >= A407_UNDER_WAY && (a.work || found & A407_IN_BITS);
    if (look && looks && !*looks) {
        hidden = ~0u;
    } else if (look) {
        if (looks)
            --*looks;
        enum a407_pump came_to = a407_pump(&t);
        if (came_to == A407_PUMP_SHORT || came_to == A407_PUMP_WAIT)
            hidden = A407_IN_BITS | a407_account_of(t.c).muted;
        /* of what is in the error queue, a timestamp, say */
        if (came_to == A407_PUMP_SHORT)
            hidden &= ~(unsigned)POLLERR;
        /* what was found may be about a connection that is no more */
        if (t.c && !t.lost && t.c->renewed && found & ENDS)
            hidden |= ENDS & ~(unsigned)a407_ready(t.fd, POLLRDHUP);
    }
    a407_turn_end(&t, saved);
    return hidden;
}

void a407_drive(const struct a407_work *due)
{
    struct a407_turn t;
    int saved;
    if (!a407_turn_begin(&t, due->number, due->serial, 0, NULL, &saved))
        return;
    struct a407_conn *c = t.c;
    if (!c->gone && !c->given_back) {
        if (a407_pump(&t) == A407_PUMP_SHORT && a407_expire(&t))
            a407_pump(&t);
    }
    a407_turn_end(&t, saved);
}

static bool unanswered(struct a407_conn *c)
{
    return !c->gone && a407_engine_plan(c->engine).unanswered;
}

bool a407_revive(int fd, const void *caller)
{
    struct a407_turn t;
    int saved;
    bool repeated = false;
    if (!a407_turn_begin(&t, fd, 0, 0, caller, &saved))
        return false;
    if (unanswered(t.c)) {
        a407_pump(&t);
        if (t.c && !t.lost) {
            struct a407_plan plan = a407_engine_plan(t.c->engine);
            repeated = plan.kind == A407_WANT_RECONNECT || plan.fresh;
        }
    }
    a407_turn_end(&t, saved);
    return repeated;
}

/* Is that to be waited for? *a: what it waits for itself. */
static bool awaits(int fd, enum a407_settle what, const void *caller,
                   struct a407_account *a)
{
    struct a407_turn t;
    int saved;
    if (!a407_turn_begin(&t, fd, 0, 0, caller, &saved))
        return false;
    *a = a407_account_of(t.c);
    bool yes = what == A407_UNSENT ? t.c->unsent : unanswered(t.c) || a->work;
    if (yes) {
        enum a407_pump came_to = a407_pump(&t);
        yes = came_to == A407_PUMP_SHORT || came_to == A407_PUMP_WAIT;
        if (yes && what == A407_UNSENT)
            yes = t.c->unsent;
        if (yes)
            *a = a407_account_of(t.c);
    }
    a407_turn_end(&t, saved);
    return yes;
}

void a407_settle(int fd, enum a407_settle what, const void *caller)
{
    int saved = errno;
    struct a407_account a;
    int64_t until = a407_now_ms() + (int64_t)a407_settings()->wait_ms;
    while (awaits(fd, what, caller, &a) && a407_now_ms() < until) {
        /* in slices: another thread may have what this one waits for */
        int64_t look = a407_now_ms() + SETTLE_LOOK_MS;
        bool work = a.work && a.fd != A407_OWN_FD;
        if (a.work && a.until < look)
            look = a.until;
        a407_wait(work ? a.fd : fd, work || a.work ? a.events : POLLIN, look);
    }
    errno = saved;
}
