/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "block.h"
#include "calls.h"
#include "core/http/http.h"
#include "guard.h"
#include "readable.h"
#include "real.h"
#include "registry.h"
#include "settings.h"
#include "socket.h"
#include "track.h"
#include "transport.h"

size_t a407_iov_length(const struct iovec *iov, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; iov && i < n; i++)
        if (__builtin_add_overflow(sum, iov[i].iov_len, &sum))
            return SIZE_MAX;
    return sum;
}

/* Nothing more can be done with it in this call: what of the rest? */
static enum a407_driven not_followed(struct a407_turn *t, struct a407_write *w)
{
    if (!t->c && w->held) {
        w->done = 0; /* none of it is to be told as sent */
        errno = EBADF;
        return A407_FAILED;
    }
    if (t->c && !t->lost && !a407_turn_is_forgotten(t)) {
        errno = EMFILE;
        return A407_FAILED;
    }
    if (!t->lost || !t->waited)
        return A407_PASS;
    errno = EBADF; /* another socket has the number */
    return A407_FAILED;
}

/* Waits for what a write needs. False: that is the end of it: *is is DRIVEN,
   PASS, or FAILED with errno. */
static bool goes_on(struct a407_turn *t, struct a407_write *w, int flags,
                    enum a407_driven *is)
{
    if (*is == A407_DRIVEN || *is == A407_PASS || *is == A407_FAILED)
        return false;
    if (*is != A407_NOT_FOLLOWED && !a407_block(t, *is, flags) && t->c) {
        a407_driver_leave(&t->c->driver, w);
        *is = A407_FAILED;
        return false;
    }
    bool waited = *is == A407_NEEDS_WORK || *is == A407_NEEDS_BYTES;
    if (t->c && !t->lost && (waited || a407_turn_hold(t) >= 0))
        return true;
    *is = not_followed(t, w);
    return false;
}

/* The same call once more, natively, for its errno and its SIGPIPE. */
static ssize_t fail_natively(int fd, const struct a407_message *m)
{
    if (errno == EPIPE && !(m->flags & MSG_NOSIGNAL)) {
        struct msghdr copy = *m->msg;
        return REAL(sendmsg)(fd, &copy, m->flags);
    }
    return -1;
}

/* False: the call is to be made as it is. */
static bool outcome(struct a407_turn *t, struct a407_message *m,
                    enum a407_driven is, ssize_t *result)
{
    if (is == A407_PASS && !m->w.done)
        return false;
    if (is == A407_PASS && a407_write_rest(&m->w).n) {
        /* Part of it is out; the rest goes natively. */
        ssize_t k = a407_pass(t, &m->w);
        if (k > 0)
            m->w.done += (size_t)k;
    }
    if (m->w.done)
        *result = (ssize_t)m->w.done;
    else if (is == A407_FAILED)
        *result = t->lost ? -1 : fail_natively(t->fd, m);
    return true;
}

/* Is fd another socket, where a request begins? A body follows its head. */
static bool begins_elsewhere(struct a407_turn *t)
{
    return !a407_engine_plan(t->c->driver.engine).open && a407_turn_hold(t) < 0;
}

/* MSG_OOB has a place in the stream: what was held back goes out first, and
   nothing is followed any more. False: errno. */
static bool write_past(struct a407_turn *t, int flags)
{
    struct a407_write nothing = {.held = true};
    enum a407_driven is;
    a407_engine_forget(t->c->driver.engine);
    do
        is = a407_driver_write(&t->c->driver, &nothing);
    while (goes_on(t, &nothing, flags, &is));
    return is != A407_FAILED;
}

static struct a407_write write_of(const struct msghdr *msg)
{
    return (struct a407_write){.iov = msg->msg_iov, .n = msg->msg_iovlen};
}

void a407_was_written(int fd, const struct msghdr *msg, const void *caller,
                      size_t n, uint64_t serial)
{
    struct a407_write w = write_of(msg);
    struct a407_turn t;
    int saved;
    if (!a407_turn_begin(&t, fd, serial, 0, caller, &saved))
        return;
    if (serial && t.c->writing)
        t.c->writing--;
    t.c->sent += n;
    a407_driver_wrote(&t.c->driver, &w, n);
    a407_turn_end(&t, saved);
}

/* In the middle of a body that is not kept. What can't be sent at once is left:
   there may be an answer to look at. Keeps errno. */
static void write_on_credit(struct a407_message *m, int fd, const void *caller)
{
    int saved = errno;
    size_t n = a407_iov_length(m->w.iov, m->w.n);
    uint64_t begun = n ? a407_credit_begin(fd, A407_WRITES, n) : 0;
    if (!begun)
        return;
    struct a407_turn t = {.fd = fd};
    ssize_t k = a407_pass(&t, &m->w);
    n = k < 0 ? 0 : (size_t)k;
    if (!a407_credit_end(fd, A407_WRITES, begun, n))
        a407_was_written(fd, m->msg, caller, n, a407_credit_serial(begun));
    a407_write_advance(&m->w, n);
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
    if (a407_socket_int(fd, SO_TYPE) != SOCK_STREAM)
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
    struct a407_turn t;
    int saved;
    if (a407_guard.depth || flags & MSG_FASTOPEN || !msg ||
        !msg->msg_iov) /* the kernel's to judge */
        return false;
    struct a407_message m = {write_of(msg), msg, flags};
    if (a407_slot(fd) == A407_WATCH)
        first_bytes(fd, msg->msg_iov, msg->msg_iovlen);
    if (!(flags & MSG_OOB))
        write_on_credit(&m, fd, caller);
    *result = (ssize_t)m.w.done;
    bool done = m.w.done > 0;
    if ((done && !a407_write_rest(&m.w).n) ||
        !a407_turn_begin(&t, fd, 0, flags & MSG_DONTWAIT ? 0 : SO_SNDTIMEO,
                         caller, &saved))
        return done;
    struct a407_conn *c = t.c;
    c->credit[A407_WRITES].at = fd;
    a407_under_way_begin(c);
    /* After its own SHUT_WR the kernel has the answer. */
    if (flags & MSG_OOB) {
        done = !write_past(&t, flags);
        *result = -1;
        saved = done ? errno : saved;
    } else if (a407_write_rest(&m.w).n && !begins_elsewhere(&t) && !c->gone &&
               !__atomic_load_n(&c->driver.shut_write, __ATOMIC_RELAXED)) {
        enum a407_driven is;
        errno = saved;
        do
            is = a407_driver_write(&t.c->driver, &m.w);
        while (goes_on(&t, &m.w, flags, &is));
        done = outcome(&t, &m, is, result);
        if (*result < 0)
            saved = errno;
    }
    a407_turn_end(&t, saved);
    return done;
}
