/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>

#include "ask.h"
#include "gate.h"
#include "guard.h"
#include "http.h"
#include "real.h"
#include "record.h"
#include "settings.h"

/* A write in progress: the program's iovecs, and how far it is. */
struct writing {
    struct a407_conn *c;
    int fd;
    const struct msghdr *msg;
    int flags;
    size_t i;    /* the iovec at hand */
    size_t at;   /* bytes of it that are done */
    size_t done; /* bytes in all */
};

static struct a407_span rest(struct writing *w)
{
    while (w->i < w->msg->msg_iovlen && w->at == w->msg->msg_iov[w->i].iov_len)
        w->i++, w->at = 0;
    if (w->i == w->msg->msg_iovlen)
        return (struct a407_span){0};
    const struct iovec *v = &w->msg->msg_iov[w->i];
    return a407_span((const char *)v->iov_base + w->at, v->iov_len - w->at);
}

static void advance(struct writing *w, size_t n)
{
    w->done += n;
    while (n) {
        struct a407_span s = rest(w);
        size_t k = n < s.n ? n : s.n;
        if (!s.n)
            return;
        w->at += k;
        n -= k;
    }
}

/* The program's message from where it is: its first IOV_MAX pieces. */
static ssize_t send_rest(struct writing *w)
{
    struct iovec iov[64];
    struct msghdr m = *w->msg;
    size_t n = 0;
    rest(w);
    for (size_t i = w->i; i < w->msg->msg_iovlen && n < 64; i++, n++) {
        iov[n] = w->msg->msg_iov[i];
        if (i == w->i) {
            iov[n].iov_base = (char *)iov[n].iov_base + w->at;
            iov[n].iov_len -= w->at;
        }
    }
    m.msg_iov = iov;
    m.msg_iovlen = n;
    if (w->done) { /* control data goes with the first byte alone */
        m.msg_control = NULL;
        m.msg_controllen = 0;
    }
    return REAL(sendmsg)(w->fd, &m, w->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tell_written(struct writing *w, size_t n)
{
    a407_engine_lock_now(w->c);
    while (n) {
        struct a407_span s = rest(w);
        size_t k = n < s.n ? n : s.n;
        if (!s.n)
            break;
        a407_engine_wrote(w->c->engine, s.p, k);
        advance(w, k);
        n -= k;
    }
    a407_engine_unlock(w->c);
}

static bool may_block(const struct writing *w)
{
    if (w->flags & MSG_DONTWAIT)
        return false;
    int fl = REAL(fcntl)(w->fd, F_GETFL);
    return fl >= 0 && !(fl & O_NONBLOCK);
}

/*
 * The socket takes no more. A blocking program sleeps here, with an eye on the
 * answer: a proxy that has said 407 may never read the rest. False: errno is
 * the program's to see.
 */
static bool wait_to_write(struct writing *w)
{
    if (!may_block(w)) {
        errno = EAGAIN;
        return false;
    }
    a407_engine_lock(w->c);
    bool watch = a407_engine_watch_while_writing(w->c->engine);
    a407_engine_unlock(w->c);
    int ms = a407_timeout_ms(w->fd, SO_SNDTIMEO);
    pthread_mutex_unlock(&w->c->lock);
    a407_leave(0);
    int ev = a407_wait(w->fd, watch ? POLLOUT | POLLIN : POLLOUT, ms);
    int error = a407_enter();
    pthread_mutex_lock(&w->c->lock);
    if (ev > 0)
        return true;
    errno = ev == 0 ? EAGAIN : error;
    return false;
}

/*
 * Has an answer come before the request was out? Then see to it. A look costs
 * a system call: one for each so many bytes is enough, one before a wait, and
 * one after a pause of the program's, in which it may have come. So a body that
 * is written after its 407 goes out but once.
 */
#define LOOK_EVERY 65536u
#define PAUSE_MS   8 /* two ticks of the coarse clock */

static bool time_to_look(struct a407_conn *c)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    bool paused = now - c->wrote_ms >= PAUSE_MS;
    c->wrote_ms = now;
    return paused || c->unwatched >= LOOK_EVERY;
}

static bool look_at_answer(struct writing *w)
{
    a407_engine_lock(w->c);
    bool watch = a407_engine_watch_while_writing(w->c->engine);
    a407_engine_unlock(w->c);
    w->c->unwatched = 0;
    if (watch)
        a407_check_socket(w->c, w->fd);
    if (!watch || w->c->gone)
        return false;
    a407_pump(w->c, w->fd);
    if (a407_see_behind(w->c, w->fd))
        a407_pump(w->c, w->fd);
    return true;
}

static bool in_handshake(struct a407_conn *c)
{
    a407_engine_lock(c);
    bool yes = a407_engine_in_handshake(c->engine);
    a407_engine_unlock(c);
    return yes && !c->gone;
}

static bool wants_back(struct a407_conn *c)
{
    a407_engine_lock(c);
    bool yes = a407_engine_want(c->engine).kind == A407_WANT_GIVE_BACK;
    a407_engine_unlock(c);
    return yes;
}

/* True after a 407 that could be answered on a fresh connection. */
static bool repeated_afresh(struct a407_conn *c)
{
    a407_engine_lock(c);
    bool yes = a407_engine_retrying(c->engine) &&
               a407_engine_reconnected_once(c->engine);
    a407_engine_unlock(c);
    return yes;
}

enum step { STEP_ON, STEP_PASS, STEP_END };

/* The socket is full: a look before the wait, or before the program's own. */
static enum step full_step(struct writing *w)
{
    bool before = repeated_afresh(w->c);
    look_at_answer(w);
    if (!before && repeated_afresh(w->c))
        return STEP_ON; /* another connection: it may have room */
    return wait_to_write(w) ? STEP_ON : STEP_END;
}

/* Sends as the program gave it. STEP_END: errno is set. */
static enum step pass_step(struct writing *w)
{
    if (time_to_look(w->c))
        look_at_answer(w);
    if (a407_forget_if_done(w->c))
        return STEP_PASS;
    if (in_handshake(w->c) || w->c->given_back)
        return STEP_ON; /* that look has begun one, or there was no way */
    ssize_t k = send_rest(w);
    if (k >= 0) {
        w->c->unwatched += (size_t)k;
        tell_written(w, (size_t)k);
        return STEP_ON;
    }
    if (errno == EAGAIN)
        return full_step(w);
    if (errno == ENOTSOCK) { /* closed behind our back, and used again */
        a407_check_socket(w->c, w->fd);
        return STEP_PASS;
    }
    if (errno != EPIPE && errno != ECONNRESET)
        return STEP_END;
    /* The proxy has hung up: perhaps after a 407 that can be answered. */
    int error = errno;
    if (look_at_answer(w) && (repeated_afresh(w->c) || w->c->given_back))
        return STEP_ON;
    errno = error;
    return STEP_END;
}

/* Takes bytes that will go out with a header of ours. */
static enum step hold_step(struct writing *w)
{
    int ev = a407_wait(w->fd, POLLOUT, 0);
    if (ev <= 0 || !(ev & POLLOUT) || (ev & (POLLERR | POLLHUP))) {
        /* not connected, full or broken: the kernel's answer is the right
           one */
        if (ev > 0)
            return pass_step(w);
        return wait_to_write(w) ? STEP_ON : STEP_END;
    }
    struct a407_span s = rest(w);
    a407_engine_lock_now(w->c);
    size_t k = a407_engine_hold(w->c->engine, s.p, s.n);
    a407_engine_unlock(w->c);
    advance(w, k);
    a407_answer_asks(w->c);
    if (a407_flush(w->c, w->fd))
        return STEP_ON;
    errno = EPIPE;
    return STEP_END;
}

/* The same call once more, natively, for its errno and its SIGPIPE. */
static ssize_t fail_natively(struct writing *w)
{
    if (errno == EPIPE && !(w->flags & MSG_NOSIGNAL)) {
        struct msghdr m = *w->msg;
        return REAL(sendmsg)(w->fd, &m, w->flags);
    }
    return -1;
}

/*
 * The legs of a handshake are under way, without the body that the program
 * wants to write: it goes out behind the last one. All there is to wait for is
 * the proxy's next answer, so a program that does not block waits as well.
 */
static void finish_handshake(struct writing *w)
{
    int64_t bound = (int64_t)w->c->site->proxy.config->wait_ms;
    int64_t until = a407_now_ms() + bound;
    while (in_handshake(w->c)) {
        if (a407_pump(w->c, w->fd) != A407_PUMP_SHORT || !in_handshake(w->c))
            continue; /* the last leg is out: the body goes on */
        int64_t left = until - a407_now_ms();
        if (left > 0 && a407_wait_through(w->fd, POLLIN, (int)left) > 0)
            continue;
        a407_engine_lock_now(w->c);
        a407_engine_send_failed(w->c->engine);
        a407_engine_unlock(w->c);
        if (may_block(w)) /* where it begins anew it has that time again */
            until = a407_now_ms() + bound;
    }
    if (wants_back(w->c))
        a407_give_back(w->c, w->fd); /* a program may poll before it reads */
}

/* The rest of a request whose 407 the program is about to read. */
static enum step swallow(struct writing *w)
{
    for (size_t n; (n = rest(w).n) > 0;)
        advance(w, n);
    return STEP_ON;
}

static enum step one_step(struct writing *w)
{
    if (in_handshake(w->c))
        finish_handshake(w);
    if (w->c->given_back)
        return swallow(w);
    a407_engine_lock(w->c);
    enum a407_write_mode mode = a407_engine_write_mode(w->c->engine);
    a407_engine_unlock(w->c);
    if (mode == A407_WRITE_FORGET) {
        a407_forget_if_done(w->c);
        return STEP_PASS;
    }
    return mode == A407_WRITE_HOLD ? hold_step(w) : pass_step(w);
}

/* Writes until all is out, the kernel says no, or the engine lets go. */
static bool run(struct writing *w, ssize_t *result)
{
    enum step s = STEP_ON;
    while (s == STEP_ON && rest(w).n)
        s = one_step(w);
    if (s == STEP_PASS && !w->done)
        return false;
    if (s == STEP_PASS) {
        /* Part of it is out; the rest goes natively. */
        ssize_t k = send_rest(w);
        if (k > 0)
            advance(w, (size_t)k);
    }
    if (w->done) {
        *result = (ssize_t)w->done;
    } else if (s == STEP_END) {
        *result = fail_natively(w);
    }
    return true;
}

bool a407_write_all(int fd, const struct msghdr *msg, int flags,
                    const void *caller, ssize_t *result)
{
    if (a407_guard.depth || (flags & (MSG_OOB | MSG_FASTOPEN)))
        return false;
    int saved = a407_enter(); /* first of all: a signal may come now */
    struct a407_conn *c = a407_conn_get(fd);
    if (!c) {
        a407_leave(saved);
        return false;
    }
    pthread_mutex_lock(&c->lock);
    c->fd = fd;
    c->caller = caller;
    bool done = false;
    struct writing w = {.c = c, .fd = fd, .msg = msg, .flags = flags};
    /* A body goes on where its head went: only a head's socket is checked. */
    a407_engine_lock(c);
    bool body = a407_engine_request_open(c->engine);
    a407_engine_unlock(c);
    if (!body)
        a407_check_socket(c, fd);
    /* After its own SHUT_WR the kernel has the answer. */
    if (!c->gone && !__atomic_load_n(&c->shut_write, __ATOMIC_RELAXED)) {
        *result = 0;
        errno = saved;
        done = rest(&w).n && run(&w, result);
        if (*result < 0)
            saved = errno;
        a407_forget_if_done(c);
    }
    pthread_mutex_unlock(&c->lock);
    a407_conn_put(c);
    a407_leave(saved);
    return done;
}

void a407_was_written(int fd, const struct msghdr *msg, const void *caller,
                      size_t n)
{
    int saved = a407_enter();
    struct a407_conn *c = a407_guard.depth == 1 ? a407_conn_get(fd) : NULL;
    if (c) {
        struct writing w = {.c = c, .fd = fd, .msg = msg};
        pthread_mutex_lock(&c->lock);
        c->caller = caller;
        c->fd = fd;
        tell_written(&w, n);
        a407_forget_if_done(c);
        pthread_mutex_unlock(&c->lock);
        a407_conn_put(c);
    }
    a407_leave(saved);
}

bool a407_first_bytes(int fd, const struct iovec *iov, size_t iov_n)
{
    struct sockaddr_storage peer;
    struct a407_endpoint e;
    socklen_t n = sizeof peer;
    int type = 0;
    size_t i = 0;
    while (i < iov_n && !iov[i].iov_len)
        i++;
    if (i == iov_n)
        return true;
    if (a407_sniff_proxy_request(iov[i].iov_base, iov[i].iov_len) ==
        A407_SNIFF_NO)
        return false;
    socklen_t tn = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &tn) != 0 ||
        type != SOCK_STREAM)
        return false;
    if (getpeername(fd, (struct sockaddr *)&peer, &n) != 0)
        return true; /* not connected yet */
    if (!a407_endpoint_of((struct sockaddr *)&peer, &e))
        return false;
    struct a407_site *site = a407_site_watched(&e);
    struct a407_conn *c =
        site ? a407_conn_new(site, (struct sockaddr *)&peer, n) : NULL;
    if (c)
        a407_engine_local_port(c->engine, a407_local_port(fd));
    if (!c)
        return false;
    c->cookie = a407_socket_cookie(fd);
    a407_slot_set(fd, c);
    a407_conn_put(c);
    return true;
}
