/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "core/http/http.h"
#include "gate.h"
#include "guard.h"
#include "pump.h"
#include "readable.h"
#include "real.h"
#include "registry.h"
#include "settings.h"
#include "socket.h"
#include "track.h"

/* A write in progress: the program's iovecs, and how far it is. */
struct writing {
    struct a407_turn t;
    const struct msghdr *msg;
    int flags;
    size_t i;    /* the iovec at hand */
    size_t at;   /* bytes of it that are done */
    size_t done; /* bytes in all */
};

size_t a407_iov_length(const struct iovec *iov, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; iov && i < n; i++)
        if (__builtin_add_overflow(sum, iov[i].iov_len, &sum))
            return SIZE_MAX;
    return sum;
}

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

/* The program's message from where it is, or a first part of it. */
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
    return REAL(sendmsg)(w->t.fd, &m, w->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tell_written(struct writing *w, size_t n)
{
    struct a407_conn *c = w->t.c;
    c->sent += n;
    while (n) {
        struct a407_span s = rest(w);
        size_t k = n < s.n ? n : s.n;
        if (!s.n)
            break;
        a407_engine_wrote(c->engine, s.p, k);
        advance(w, k);
        n -= k;
    }
}

static bool may_block(const struct writing *w)
{
    return a407_socket_blocks(w->t.fd, w->flags);
}

enum step { STEP_ON, STEP_PASS, STEP_END };

/*
 * After a wait, or where nothing could be done: is there anything to go on
 * with? What has begun can't be ended without a private fd.
 */
static enum step go_on(struct writing *w)
{
    if (w->t.c && !w->t.lost && a407_turn_hold(&w->t) >= 0)
        return STEP_ON;
    if (w->t.c && !w->t.lost && !a407_turn_is_forgotten(&w->t)) {
        errno = EMFILE;
        return STEP_END;
    }
    if (!w->t.lost || !w->t.waited)
        return STEP_PASS;
    errno = EBADF; /* another socket has the number */
    return STEP_END;
}

/*
 * The socket takes no more. A blocking program sleeps here, with an eye on the
 * answer: a proxy that has said 407 may never read the rest. END: errno is the
 * program's to see.
 */
static enum step wait_to_write(struct writing *w)
{
    struct a407_turn *t = &w->t;
    if (!may_block(w)) {
        errno = EAGAIN;
        return STEP_END;
    }
    bool watch = a407_engine_plan(t->c->engine).watch;
    int64_t until = a407_turn_limit(t);
    a407_turn_pause(t);
    int ev = a407_wait(t->fd, watch ? POLLOUT | POLLIN : POLLOUT, until);
    a407_turn_resume(t);
    if (ev > 0)
        return go_on(w);
    if (ev == 0)
        errno = EAGAIN;
    return STEP_END;
}

/*
 * Has an answer come before the request was out? Then see to it. A look costs
 * system calls: one for each so many bytes is enough, one before a wait, and
 * one after a pause of the program's, in which it may have come. So a body that
 * is written after its 407 goes out but once.
 */
#define PAUSE_MS 8 /* two ticks of the coarse clock */

static bool time_to_look(struct a407_conn *c)
{
    int64_t now = a407_clock_us(CLOCK_MONOTONIC_COARSE) / 1000;
    bool paused = now - c->wrote_ms >= PAUSE_MS;
    c->wrote_ms = now;
    return paused || c->unwatched >= A407_LOOK_EVERY;
}

/* What has begun needs a wait: is that this call's? END: errno. */
static enum step wait_for_pump(struct writing *w)
{
    errno = EAGAIN;
    if (!may_block(w) || !a407_wait_for_pump(&w->t))
        return STEP_END;
    return w->t.c ? STEP_ON : go_on(w);
}

/*
 * What the look needs besides bytes is waited for: the program writes on only
 * when the repeat is on its way. ON: *looked tells.
 */
static enum step look_at_answer(struct writing *w, bool *looked)
{
    struct a407_turn *t = &w->t;
    bool watch = a407_engine_plan(t->c->engine).watch;
    t->c->unwatched = 0;
    *looked = watch;
    for (int i = 0; watch && i < 2; i++) {
        enum a407_pump came_to;
        while ((came_to = a407_pump(t)) == A407_PUMP_WAIT) {
            enum step s = wait_for_pump(w);
            if (s != STEP_ON || !t->c)
                return s;
        }
        if (came_to == A407_PUMP_LOST)
            return go_on(w);
        watch = a407_see_behind(t);
    }
    return STEP_ON;
}

/* True after a 407 that could be answered on a fresh connection. */
static bool repeated_afresh(struct a407_conn *c)
{
    struct a407_plan plan = a407_engine_plan(c->engine);
    return plan.repeated && plan.fresh;
}

/* The socket is full: a look before the wait, or before the program's own. */
static enum step full_step(struct writing *w)
{
    bool before = repeated_afresh(w->t.c), looked;
    enum step s = look_at_answer(w, &looked);
    if (s != STEP_ON)
        return s;
    if (!before && repeated_afresh(w->t.c))
        return STEP_ON; /* another connection: it may have room */
    return wait_to_write(w);
}

/* The proxy has hung up: perhaps after a 407 that can be answered. */
static enum step hung_up(struct writing *w, int error)
{
    bool looked;
    enum step s = look_at_answer(w, &looked);
    if (s != STEP_ON)
        return s;
    if (looked && (repeated_afresh(w->t.c) || w->t.c->given_back))
        return STEP_ON;
    errno = error;
    return STEP_END;
}

/* Sends as the program gave it. STEP_END: errno is set. */
static enum step pass_step(struct writing *w)
{
    struct a407_turn *t = &w->t;
    bool looked;
    if (time_to_look(t->c)) {
        enum step s = look_at_answer(w, &looked);
        if (s != STEP_ON)
            return s;
    }
    if (a407_turn_is_forgotten(t))
        return STEP_PASS;
    if (a407_engine_plan(t->c->engine).write == A407_WRITE_WAIT ||
        t->c->given_back)
        return STEP_ON; /* that look has begun something, or gave up */
    ssize_t k = send_rest(w);
    if (k >= 0) {
        t->c->unwatched += (size_t)k;
        tell_written(w, (size_t)k);
        return STEP_ON;
    }
    switch (errno) {
    case EAGAIN:
        return full_step(w);
    case ENOTSOCK: /* closed behind our back, and used again */
        return a407_turn_hold(t) < 0 ? go_on(w) : STEP_END;
    case EPIPE:
    case ECONNRESET:
        return hung_up(w, errno);
    default:
        return STEP_END;
    }
}

/*
 * Brings out what is held back. The program is told that it is sent, as with
 * what the kernel has taken: a call that may not wait, or not any longer,
 * leaves it to whoever comes by.
 */
static enum step bring_out(struct writing *w)
{
    struct a407_turn *t = &w->t;
    enum a407_pump came_to;
    while ((came_to = a407_pump_out(t)) != A407_PUMP_READY) {
        if (came_to == A407_PUMP_LOST)
            return go_on(w);
        enum step s = wait_for_pump(w);
        if (!t->c)
            break;
        t->c->unsent = s != STEP_ON;
        if (s != STEP_ON)
            return s;
    }
    if (t->c && !t->failed)
        return STEP_ON;
    errno = t->c ? t->failed : EBADF;
    w->done = 0; /* none of it is to be told as sent */
    return STEP_END;
}

/* Takes bytes that will go out with a header of ours. */
static enum step hold_step(struct writing *w, bool begins)
{
    struct a407_turn *t = &w->t;
    int ev = a407_ready(t->fd, POLLOUT);
    if (!(ev & POLLOUT) || (ev & (POLLERR | POLLHUP))) {
        /* not connected, full or broken: the kernel's answer is the right
           one */
        return ev ? pass_step(w) : wait_to_write(w);
    }
    struct a407_span s = rest(w);
    s.n = a407_readable(s.p, s.n);
    if (!s.n)
        return pass_step(w); /* EFAULT */
    if (begins)
        a407_check_unseen(t);
    if (a407_turn_hold(t) < 0 && t->lost)
        return go_on(w);
    advance(w, a407_engine_hold(t->c->engine, s.p, s.n));
    return bring_out(w);
}

/* The same call once more, natively, for its errno and its SIGPIPE. */
static ssize_t fail_natively(struct writing *w)
{
    if (errno == EPIPE && !(w->flags & MSG_NOSIGNAL)) {
        struct msghdr m = *w->msg;
        return REAL(sendmsg)(w->t.fd, &m, w->flags);
    }
    return -1;
}

/*
 * The legs of a handshake go without the body that the program wants to write:
 * it goes out behind the last one. All there is to wait for is the proxy's next
 * answer. ON: look again.
 */
static enum step wait_for_leg(struct writing *w)
{
    struct a407_turn *t = &w->t;
    struct a407_plan plan = a407_engine_plan(t->c->engine);
    errno = EAGAIN; /* the handshake goes on with the next call, or poll */
    if (!may_block(w))
        return STEP_END;
    int64_t own = a407_turn_limit(t), until = a407_plan_limit(&plan);
    int ev = a407_wait_for_bytes(t, own < until ? own : until);
    if (!t->c)
        return go_on(w);
    if (ev < 0)
        return STEP_END;
    errno = EAGAIN;
    if (ev == 0 && own < until)
        return STEP_END;
    return ev > 0 || a407_expire(t) ? STEP_ON : STEP_END;
}

/*
 * That, and what else has begun, comes before what the program writes now.
 * Since no lock is held over a wait, another thread's call may be in the middle
 * of it: of a head that is held back, a repeat, a new connection.
 */
static enum step finish_what_has_begun(struct writing *w)
{
    struct a407_turn *t = &w->t;
    enum step s = STEP_ON;
    struct a407_plan plan;
    while (s == STEP_ON && t->c && !t->c->gone &&
           (plan = a407_engine_plan(t->c->engine)).write == A407_WRITE_WAIT) {
        enum a407_pump came_to = a407_pump(t);
        if (came_to == A407_PUMP_LOST)
            return go_on(w);
        errno = t->failed;
        if (t->failed)
            return STEP_END;
        if (came_to == A407_PUMP_WAIT)
            s = wait_for_pump(w);
        else if (came_to == A407_PUMP_SHORT &&
                 a407_engine_plan(t->c->engine).leg)
            s = wait_for_leg(w);
        /* else the last leg is out: the body goes on */
    }
    return s;
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
    enum step s = finish_what_has_begun(w);
    if (s != STEP_ON)
        return s;
    struct a407_conn *c = w->t.c;
    if (c->given_back)
        return swallow(w);
    struct a407_plan plan = a407_engine_plan(c->engine);
    if (plan.tunnel) {
        a407_check_unseen(&w->t);
        plan = a407_engine_plan(c->engine);
    }
    switch (plan.write) {
    case A407_WRITE_FORGET:
        return STEP_PASS;
    case A407_WRITE_WAIT: /* what was held back goes out first */
        return STEP_ON;
    case A407_WRITE_HOLD:
        return hold_step(w, !plan.open);
    default:
        return pass_step(w);
    }
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
        *result = w->t.lost ? -1 : fail_natively(w);
    }
    return true;
}

/* Is fd still c's socket, where a request begins? A body goes on where its head
   went. */
static bool begins_elsewhere(struct a407_turn *t)
{
    return !a407_engine_plan(t->c->engine).open && a407_turn_hold(t) < 0;
}

/* An urgent byte (MSG_OOB) has a place in the stream: what was held back goes
   before it, and nothing is followed any more. False: errno. */
static bool write_past(struct writing *w)
{
    a407_engine_forget(w->t.c->engine);
    return bring_out(w) != STEP_END;
}

void a407_was_written(int fd, const struct msghdr *msg, const void *caller,
                      size_t n, uint64_t serial)
{
    struct writing w = {.msg = msg};
    int saved;
    if (!a407_turn_begin(&w.t, fd, serial, 0, caller, &saved))
        return;
    if (serial && w.t.c->writing)
        w.t.c->writing--;
    tell_written(&w, n);
    a407_turn_end(&w.t, saved);
}

/*
 * In the middle of a body that is not kept. What can't be sent at once is left:
 * there may be an answer to look at. Keeps errno.
 */
static void write_on_credit(struct writing *w, int fd, const void *caller)
{
    int saved = errno;
    size_t n = a407_iov_length(w->msg->msg_iov, w->msg->msg_iovlen);
    uint64_t begun = n ? a407_credit_begin(fd, A407_WRITES, n) : 0;
    if (!begun)
        return;
    w->t.fd = fd;
    ssize_t k = send_rest(w);
    n = k < 0 ? 0 : (size_t)k;
    if (!a407_credit_end(fd, A407_WRITES, begun, n))
        a407_was_written(fd, w->msg, caller, n, a407_credit_serial(begun));
    advance(w, n);
    errno = saved;
}

/* Not a request to a proxy, as far as these bytes tell? */
static bool is_none(const struct iovec *iov, size_t iov_n, bool *empty)
{
    size_t i = 0;
    while (i < iov_n && !iov[i].iov_len)
        i++;
    size_t n = i < iov_n ? a407_readable(iov[i].iov_base, iov[i].iov_len) : 0;
    *empty = !n;
    return n && a407_sniff_proxy_request(iov[i].iov_base, n) == A407_SNIFF_NO;
}

static bool to_be_watched(int fd)
{
    struct sockaddr_storage peer;
    struct a407_endpoint e;
    socklen_t n = sizeof peer;
    int type = 0;
    socklen_t tn = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &tn) != 0 ||
        type != SOCK_STREAM)
        return false;
    if (getpeername(fd, (struct sockaddr *)&peer, &n) != 0)
        return true; /* not connected yet */
    if (!a407_endpoint_of((struct sockaddr *)&peer, &e))
        return false;
    struct a407_site *site = a407_site_watched(&e);
    return site && a407_track(fd, a407_socket_cookie(fd), site,
                              (struct sockaddr *)&peer, n);
}

static void first_bytes(int fd, const struct iovec *iov, size_t iov_n)
{
    bool empty;
    bool keep = !is_none(iov, iov_n, &empty);
    if (empty || !a407_own_process())
        return;
    if (keep) {
        int saved = a407_enter();
        keep = to_be_watched(fd);
        a407_leave(saved);
    }
    if (!keep)
        a407_track_drop(fd);
}

bool a407_write_all(int fd, const struct msghdr *msg, int flags,
                    const void *caller, ssize_t *result)
{
    struct writing w = {.msg = msg, .flags = flags};
    int saved;
    if (a407_guard.depth || flags & MSG_FASTOPEN || !msg ||
        !msg->msg_iov) /* the kernel's to judge */
        return false;
    if (a407_slot(fd) == A407_WATCH)
        first_bytes(fd, msg->msg_iov, msg->msg_iovlen);
    if (!(flags & MSG_OOB))
        write_on_credit(&w, fd, caller);
    *result = (ssize_t)w.done;
    bool done = w.done > 0;
    if ((done && !rest(&w).n) ||
        !a407_turn_begin(&w.t, fd, 0, flags & MSG_DONTWAIT ? 0 : SO_SNDTIMEO,
                         caller, &saved))
        return done;
    struct a407_conn *c = w.t.c;
    c->credit[A407_WRITES].at = fd;
    a407_account_begins(c);
    /* After its own SHUT_WR the kernel has the answer. */
    if (flags & MSG_OOB) {
        done = !write_past(&w);
        *result = -1;
        saved = done ? errno : saved;
    } else if (!begins_elsewhere(&w.t) && !c->gone &&
               !__atomic_load_n(&c->shut_write, __ATOMIC_RELAXED)) {
        errno = saved;
        done = rest(&w).n && run(&w, result);
        if (*result < 0)
            saved = errno;
    }
    a407_turn_end(&w.t, saved);
    return done;
}
