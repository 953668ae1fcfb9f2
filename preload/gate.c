/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "ask.h"
#include "http.h"
#include "real.h"
#include "record.h"

static int64_t clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t a407_now_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

void a407_engine_lock(struct a407_conn *c)
{
    pthread_mutex_lock(&c->site->lock);
}

void a407_engine_lock_now(struct a407_conn *c)
{
    pthread_mutex_lock(&c->site->lock);
    a407_engine_time(c->engine, clock_us(CLOCK_REALTIME),
                     clock_us(CLOCK_MONOTONIC));
}

void a407_engine_unlock(struct a407_conn *c)
{
    pthread_mutex_unlock(&c->site->lock);
}

/* Signals of a fault: a program that goes on after one has not slept in a
   call. */
static bool of_a_fault(int s)
{
    return s == SIGSEGV || s == SIGBUS || s == SIGFPE || s == SIGILL ||
           s == SIGABRT || s == SIGTRAP || s == SIGSYS;
}

/* Would read() be restarted after a signal? Not knowing which one came, all
   handlers are asked. */
bool a407_signals_restart(void)
{
    struct sigaction sa;
    for (int s = 1; s < SIGRTMIN; s++)
        if (!of_a_fault(s) && sigaction(s, NULL, &sa) == 0 &&
            sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN &&
            !(sa.sa_flags & SA_RESTART))
            return false;
    return true;
}

int a407_wait_through(int fd, short events, int ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t until = a407_now_ms() + ms;
    for (;;) {
        int n = poll(&p, 1, ms);
        if (n >= 0)
            return n > 0 ? p.revents : 0;
        if (errno != EINTR)
            return -1;
        int64_t left = until - a407_now_ms();
        ms = left > 0 ? (int)left : 0;
    }
}

int a407_wait(int fd, short events, int ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t until = a407_now_ms() + ms;
    for (;;) {
        int n = poll(&p, 1, ms);
        if (n >= 0)
            return n > 0 ? p.revents : 0;
        if (errno != EINTR || !a407_signals_restart())
            return -1;
        if (ms < 0)
            continue;
        int64_t left = until - a407_now_ms();
        ms = left > 0 ? (int)left : 0;
    }
}

int a407_timeout_ms(int fd, int option)
{
    struct timeval t = {0};
    socklen_t n = sizeof t;
    if (getsockopt(fd, SOL_SOCKET, option, &t, &n) != 0 ||
        (!t.tv_sec && !t.tv_usec) || t.tv_sec > INT_MAX / 1000 - 1)
        return -1;
    return (int)(t.tv_sec * 1000 + (t.tv_usec + 999) / 1000);
}

uint64_t a407_socket_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t n = sizeof cookie;
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) != 0)
        return 0;
    return cookie;
}

bool a407_same_socket(const struct a407_conn *c, int fd)
{
    return !c->cookie || a407_socket_cookie(fd) == c->cookie;
}

/* Our SO_RCVLOWAT, so that a program's poll sleeps until more can be told. */
static void set_lowat(struct a407_conn *c, int fd, size_t need)
{
    int now = 1, want = (int)need;
    socklen_t n = sizeof now;
    if (!c->lowat) {
        getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &now, &n);
        c->lowat = now;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &want, sizeof want);
}

static void restore_lowat(struct a407_conn *c, int fd)
{
    if (!c->lowat)
        return;
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &c->lowat, sizeof c->lowat);
    c->lowat = 0;
}

void a407_check_socket(struct a407_conn *c, int fd)
{
    if (c->gone || a407_same_socket(c, fd))
        return;
    c->gone = a407_slot_stale(fd, c);
    if (!c->gone)
        return;
    a407_engine_lock(c);
    a407_engine_closed(c->engine);
    a407_engine_unlock(c);
    a407_record_flush(c);
}

bool a407_forget_if_done(struct a407_conn *c)
{
    if (c->gone)
        return true;
    a407_engine_lock(c);
    bool done = a407_engine_want(c->engine).kind == A407_WANT_FORGET;
    bool record = a407_engine_has_event(c->engine);
    a407_engine_unlock(c);
    if (record)
        a407_record_flush(c);
    if (!done || c->given_back)
        return false;
    restore_lowat(c, c->fd);
    c->gone = true;
    a407_conn_retire(c);
    return true;
}

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
static size_t grab(struct a407_conn *c, int fd, size_t n, int flags, bool *end)
{
    *end = c->error != 0;
    if (*end)
        return 0;
    ssize_t k = REAL(recv)(fd, c->scratch, n, flags | MSG_DONTWAIT);
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
    a407_engine_lock(c);
    bool wanted = a407_engine_wants_rest(c->engine);
    a407_engine_unlock(c);
    if (!wanted || !a407_same_socket(c, c->fd) || !scratch(c, A407_HEAD_MAX))
        return;
    size_t k = grab(c, c->fd, c->scratch_n, MSG_PEEK, &end);
    a407_engine_lock(c);
    a407_engine_rest(c->engine, c->scratch, k);
    a407_engine_unlock(c);
}

bool a407_see_behind(struct a407_conn *c, int fd)
{
    bool end;
    a407_engine_lock(c);
    bool wanted = a407_engine_wants_behind(c->engine);
    a407_engine_unlock(c);
    if (!wanted || !scratch(c, A407_HEAD_MAX))
        return false;
    size_t k = grab(c, fd, c->scratch_n, MSG_PEEK, &end);
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

static void look_again(struct a407_conn *c, int fd, size_t *k)
{
    bool end;
    size_t now = grab(c, fd, c->scratch_n, MSG_PEEK, &end);
    *k = now > *k ? now : *k;
}

/*
 * Of a head there are `*k` bytes, fewer than are needed. True: there will be no
 * more, since the connection ends or its receive buffer is full: then it is too
 * long a head. What has come in the meantime counts: the last look is after the
 * last question, or the answer would be about bytes that nobody has seen.
 */
static bool no_more(struct a407_conn *c, int fd, size_t *k)
{
    size_t before = *k;
    int ev = a407_wait(fd, POLLRDHUP | POLLIN, 0);
    bool ends = ev > 0 && (ev & ~POLLIN);
    bool full = ev > 0 && c->lowat && before == c->peeked;
    int64_t until = full && !ends ? a407_now_ms() + FULL_MS : 0;
    for (int64_t ms = 1, left = 1; full && !ends && left > 0; ms *= 2) {
        look_again(c, fd, k);
        full = *k == before;
        left = full ? until - a407_now_ms() : 0;
        if (left > 0) /* it sleeps, since POLLIN is there all the time */
            ends = a407_wait_through(fd, POLLRDHUP,
                                     (int)(ms < left ? ms : left)) > 0;
    }
    if (ends)
        look_again(c, fd, k);
    c->peeked = *k;
    return ends || full;
}

static enum a407_pump do_peek(struct a407_conn *c, int fd, size_t need)
{
    bool end;
    size_t size = need > 4096 ? A407_HEAD_MAX + 1 : 4096;
    size_t k = 0;
    if (scratch(c, size))
        k = grab(c, fd, c->scratch_n, MSG_PEEK, &end);
    else
        end = true;
    if (!k && !end)
        return A407_PUMP_SHORT;
    if (k == c->scratch_n && k < A407_HEAD_MAX && scratch(c, A407_HEAD_MAX + 1))
        k = grab(c, fd, c->scratch_n, MSG_PEEK, &end);
    if (k && k < need) {
        bool last = no_more(c, fd, &k);
        if (k < need && !last) {
            set_lowat(c, fd, need);
            return A407_PUMP_SHORT;
        }
        end = k < need;
    }
    c->peeked = 0;
    restore_lowat(c, fd);
    a407_engine_lock_now(c);
    a407_engine_peeked(c->engine, c->scratch, k, end);
    a407_engine_unlock(c);
    return A407_PUMP_READY;
}

static enum a407_pump do_consume(struct a407_conn *c, int fd, size_t n)
{
    bool end = true;
    size_t k = 0;
    if (scratch(c, 16384))
        k = grab(c, fd, n < c->scratch_n ? n : c->scratch_n, 0, &end);
    if (!k && !end)
        return A407_PUMP_SHORT;
    a407_engine_lock_now(c);
    a407_engine_consumed(c->engine, c->scratch, k, end);
    a407_engine_unlock(c);
    return A407_PUMP_READY;
}

static void do_reconnect(struct a407_conn *c, int fd)
{
    bool ok = a407_reconnect(c, fd);
    uint16_t port = ok ? a407_local_port(fd) : 0;
    a407_engine_lock_now(c);
    if (ok)
        a407_engine_local_port(c->engine, port);
    a407_engine_reconnected(c->engine, ok);
    a407_engine_unlock(c);
}

/* The program has shut the connection down: nothing is repeated on it. */
static bool shut_down(struct a407_conn *c)
{
    if (!__atomic_load_n(&c->shut_read, __ATOMIC_RELAXED))
        return false;
    a407_engine_lock_now(c);
    a407_engine_closed(c->engine);
    a407_engine_unlock(c);
    return true;
}

enum a407_pump a407_pump(struct a407_conn *c, int fd)
{
    /* The bound is on work, not on time: each turn moves the engine on. */
    for (int turns = 0; turns < 100000; turns++) {
        if (shut_down(c))
            return A407_PUMP_READY;
        a407_engine_lock(c);
        struct a407_want w = a407_engine_want(c->engine);
        a407_engine_unlock(c);
        enum a407_pump came_to = A407_PUMP_READY;
        switch (w.kind) {
        case A407_WANT_SEND:
            a407_flush(c, fd);
            break;
        case A407_WANT_PEEK:
            came_to = do_peek(c, fd, w.n);
            break;
        case A407_WANT_ASK:
            a407_answer_asks(c);
            break;
        case A407_WANT_CONSUME:
            came_to = do_consume(c, fd, w.n);
            break;
        case A407_WANT_RECONNECT:
            do_reconnect(c, fd);
            break;
        case A407_WANT_GIVE_BACK:
            a407_give_back(c, fd);
            return A407_PUMP_READY;
        default:
            return A407_PUMP_READY;
        }
        if (came_to == A407_PUMP_SHORT)
            return A407_PUMP_SHORT;
    }
    a407_engine_lock(c);
    a407_engine_closed(c->engine);
    a407_engine_unlock(c);
    return A407_PUMP_READY;
}

bool a407_flush(struct a407_conn *c, int fd)
{
    /* one bound for all of it: the program stands still meanwhile */
    int64_t until = a407_now_ms() + (int64_t)c->site->proxy.config->wait_ms;
    for (;;) {
        /* the time before it goes: the answer may be here before we are back */
        a407_engine_lock_now(c);
        struct a407_span out = a407_engine_output(c->engine);
        bool fresh = a407_engine_reconnected_once(c->engine) &&
                     !a407_engine_in_handshake(c->engine);
        a407_engine_unlock(c);
        if (!out.n) {
            if (fresh && __atomic_load_n(&c->shut_write, __ATOMIC_RELAXED))
                REAL(shutdown)(fd, SHUT_WR);
            return true;
        }
        ssize_t k = REAL(send)(fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0 && (errno == EAGAIN || errno == EINTR)) {
            int64_t left = until - a407_now_ms();
            if (left > 0 && a407_wait_through(fd, POLLOUT, (int)left) > 0)
                continue;
        }
        a407_engine_lock(c);
        if (k < 0)
            a407_engine_send_failed(c->engine);
        else
            a407_engine_sent(c->engine, (size_t)k);
        a407_engine_unlock(c);
        if (k < 0)
            return false;
    }
}
