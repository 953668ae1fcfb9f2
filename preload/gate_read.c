/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "ask.h"
#include "gate.h"
#include "guard.h"
#include "real.h"
#include "record.h"

/*
 * How long the repeat on a kept connection may be silent before a fresh one is
 * tried: some proxies keep the connection open and never answer on it.
 */
#define SILENCE_MS 15000

/* By how much the kernel's limit and our clock may differ. */
#define TICK_MS 20

static bool is_nonblocking(int fd)
{
    int fl = REAL(fcntl)(fd, F_GETFL);
    return fl >= 0 && (fl & O_NONBLOCK);
}

static enum a407_gate give(struct a407_reading *r, struct a407_conn *c,
                           ssize_t result, int error)
{
    pthread_mutex_unlock(&c->lock);
    a407_conn_put(c);
    r->conn = NULL;
    r->result = result;
    a407_leave(error);
    return A407_GATE_RETURN;
}

/*
 * Part of what was waited for has come, and no more: why? The end of the
 * connection, or a buffer that is too small to wait for more, are seen to by
 * another look. A limit of the program's own, or a signal, are its to know of:
 * a signal ends a sleep that has a limit whatever its handler says.
 */
static bool was_disturbed(struct a407_conn *c, int fd, ssize_t k, int64_t slept,
                          int *error)
{
    int least = 1, own = a407_timeout_ms(fd, SO_RCVTIMEO);
    socklen_t n = sizeof least;
    if (!c->lowat || a407_wait_through(fd, POLLRDHUP, 0) > 0 ||
        getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, &n) != 0 || k >= least)
        return false;
    *error = own >= 0 && slept + TICK_MS >= own ? EAGAIN : EINTR;
    return own >= 0 || !a407_signals_restart();
}

/*
 * Sleeps as the program's own read would: natively, so that its SO_RCVTIMEO,
 * its signals and its cancellation work.
 * The lock is released meanwhile. False: errno is the program's to see.
 */
static bool sleep_as_program(struct a407_conn *c, int fd)
{
    a407_engine_lock(c);
    struct a407_want w = a407_engine_want(c->engine);
    a407_engine_unlock(c);
    size_t need = w.kind == A407_WANT_PEEK ? w.n : 1;
    unsigned renewed = c->renewed;
    pthread_mutex_unlock(&c->lock);
    char one = 0;
    char *room = need > 1 ? malloc(need) : &one;
    if (!room) {
        room = &one;
        need = 1;
    }
    a407_leave(0);
    int64_t start = a407_now_ms();
    ssize_t k = REAL(recv)(fd, room, need, MSG_PEEK);
    int64_t slept = a407_now_ms() - start;
    int error = a407_enter();
    if (room != &one)
        free(room);
    pthread_mutex_lock(&c->lock);
    if (renewed != c->renewed)
        return true; /* another thread was quicker: what ended is no more */
    if (k > 0 && (size_t)k < need && was_disturbed(c, fd, k, slept, &error)) {
        errno = error;
        return false;
    }
    if (k >= 0)
        return true;
    if (error == EAGAIN || error == EINTR) {
        errno = error;
        return false;
    }
    c->error = error;
    return true;
}

/* True: look again. False: errno is set, the program is told. */
static bool wait_for_more(struct a407_conn *c, int fd, int flags)
{
    a407_engine_lock(c);
    struct a407_want w = a407_engine_want(c->engine);
    bool retrying = a407_engine_retrying(c->engine);
    bool fresh = a407_engine_reconnected_once(c->engine);
    /* a leg is whole, whatever the program has written of its request */
    bool leg = a407_engine_in_handshake(c->engine);
    bool open = !leg && a407_engine_request_open(c->engine);
    a407_engine_unlock(c);
    bool nonblocking = is_nonblocking(fd);
    int bound = (int)c->site->proxy.config->wait_ms;
    /* bytes are there that the program's poll has told it of */
    bool ours = w.kind == A407_WANT_CONSUME || retrying ||
                (w.kind == A407_WANT_PEEK && w.n > 1);
    /* A non-blocking program waits in its own poll, but not after a
       reconnect: its poll may hold on to the end of the old connection. One
       that says MSG_DONTWAIT on a blocking socket has seen POLLIN and takes
       EAGAIN for the end. */
    bool wait_here = !open && (nonblocking ? retrying && fresh
                                           : ours && (flags & MSG_DONTWAIT));
    if (!wait_here && (nonblocking || (flags & MSG_DONTWAIT))) {
        errno = EAGAIN;
        return false;
    }
    if (!wait_here && !leg && (open || !(retrying && !fresh)))
        return sleep_as_program(c, fd);
    int own = a407_timeout_ms(fd, SO_RCVTIMEO);
    int ms = wait_here || fresh || bound < SILENCE_MS ? bound : SILENCE_MS;
    bool theirs = !wait_here && own >= 0 && own <= ms;
    /* Meanwhile another thread may close it, a signal handler use another
       connection, and this thread be cancelled. */
    pthread_mutex_unlock(&c->lock);
    a407_leave(0);
    int ev = a407_wait(fd, POLLIN, theirs ? own : ms);
    int error = a407_enter();
    pthread_mutex_lock(&c->lock);
    errno = error;
    if (ev != 0)
        return ev > 0;
    if (theirs || (wait_here && !leg)) {
        errno = EAGAIN;
        return false;
    }
    a407_engine_lock_now(c);
    bool again = a407_engine_silent(c->engine);
    if (!again && a407_engine_in_handshake(c->engine))
        a407_engine_send_failed(c->engine);
    a407_engine_unlock(c);
    return again || leg || sleep_as_program(c, fd);
}

enum a407_gate a407_read_begin(int fd, int flags, const void *caller,
                               struct a407_reading *r)
{
    *r = (struct a407_reading){0};
    if (a407_guard.depth || (flags & (MSG_OOB | MSG_ERRQUEUE)))
        return A407_GATE_PASS;
    int saved = a407_enter(); /* first of all: a signal may come now */
    struct a407_conn *c = a407_conn_get(fd);
    if (!c) {
        a407_leave(saved);
        return A407_GATE_PASS;
    }
    pthread_mutex_lock(&c->lock);
    c->fd = fd;
    c->caller = caller;
    a407_engine_lock(c);
    struct a407_want want = a407_engine_want(c->engine);
    a407_engine_unlock(c);
    if (want.kind == A407_WANT_DELIVER && !c->gone && !c->error) {
        r->cap = want.n; /* the middle of an answer: nothing to look at */
        r->conn = c;
        pthread_mutex_unlock(&c->lock);
        a407_leave(saved);
        return A407_GATE_DELIVER;
    }
    a407_check_socket(c, fd);
    while (!c->gone && a407_pump(c, fd) == A407_PUMP_SHORT) {
        a407_record_flush(c);
        if (!wait_for_more(c, fd, flags))
            return give(r, c, -1, errno);
    }
    if (c->error) {
        int error = c->error;
        c->error = 0;
        a407_engine_lock(c);
        a407_engine_delivered_end(c->engine);
        a407_engine_unlock(c);
        a407_forget_if_done(c);
        return give(r, c, -1, error);
    }
    bool pass = a407_forget_if_done(c) || c->given_back;
    a407_end_asks(c);
    if (!pass) {
        a407_engine_lock(c);
        r->cap = a407_engine_want(c->engine).n;
        a407_engine_unlock(c);
        r->conn = c;
    }
    pthread_mutex_unlock(&c->lock);
    if (pass)
        a407_conn_put(c);
    a407_leave(saved);
    return pass ? A407_GATE_PASS : A407_GATE_DELIVER;
}

void a407_read_end(struct a407_reading *r, int flags, const struct iovec *iov,
                   size_t iov_n, ssize_t n)
{
    struct a407_conn *c = r->conn;
    if (!c)
        return;
    int saved = a407_enter();
    pthread_mutex_lock(&c->lock);
    bool ends = n == 0 || (n < 0 && saved != EAGAIN && saved != EINTR);
    a407_engine_lock_now(c);
    if (n > 0 && (flags & MSG_TRUNC)) {
        a407_engine_closed(c->engine); /* bytes that nobody has seen */
    } else if (n > 0 && !(flags & MSG_PEEK)) {
        size_t left = (size_t)n;
        for (size_t i = 0; i < iov_n && left; i++) {
            size_t k = iov[i].iov_len < left ? iov[i].iov_len : left;
            a407_engine_delivered(c->engine, iov[i].iov_base, k);
            left -= k;
        }
    } else if (ends && !(flags & MSG_PEEK)) {
        a407_engine_delivered_end(c->engine);
    }
    a407_engine_unlock(c);
    a407_forget_if_done(c);
    pthread_mutex_unlock(&c->lock);
    a407_conn_put(c);
    r->conn = NULL;
    a407_leave(saved);
}

static bool unanswered(struct a407_conn *c)
{
    a407_engine_lock(c);
    bool yes = a407_engine_unanswered(c->engine);
    a407_engine_unlock(c);
    return yes && !c->gone;
}

bool a407_revive(int fd, const void *caller)
{
    int saved = a407_enter();
    struct a407_conn *c = a407_guard.depth == 1 ? a407_conn_get(fd) : NULL;
    bool fresh = false;
    if (c) {
        pthread_mutex_lock(&c->lock);
        c->fd = fd;
        c->caller = caller;
        a407_check_socket(c, fd);
        if (!c->gone && unanswered(c)) {
            a407_pump(c, fd);
            a407_engine_lock(c);
            fresh = a407_engine_reconnected_once(c->engine);
            a407_engine_unlock(c);
            a407_forget_if_done(c);
        }
        pthread_mutex_unlock(&c->lock);
        a407_conn_put(c);
    }
    a407_leave(saved);
    return fresh;
}

void a407_settle(int fd, const void *caller)
{
    int saved = a407_enter();
    struct a407_conn *c = a407_guard.depth == 1 ? a407_conn_get(fd) : NULL;
    int64_t until = c ? a407_now_ms() + c->site->proxy.config->wait_ms : 0;
    int64_t left = c && unanswered(c) ? 1 : 0;
    while (left > 0 && unanswered(c)) {
        struct a407_reading r;
        left = until - a407_now_ms();
        if (left <= 0 || a407_wait_through(fd, POLLIN, (int)left) <= 0)
            break;
        a407_leave(0); /* the gate enters by itself */
        enum a407_gate gate = a407_read_begin(fd, MSG_DONTWAIT, caller, &r);
        if (gate == A407_GATE_DELIVER) {
            errno = EAGAIN; /* nothing was read, and nothing ended */
            a407_read_end(&r, 0, NULL, 0, -1);
        }
        a407_enter();
        if (gate != A407_GATE_RETURN)
            break;
    }
    if (c)
        a407_conn_put(c);
    a407_leave(saved);
}
