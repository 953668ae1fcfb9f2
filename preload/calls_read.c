/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "block.h"
#include "calls.h"
#include "guard.h"

static enum a407_read give(struct a407_reading *r, struct a407_turn *t,
                           ssize_t result, int error)
{
    r->result = result;
    a407_turn_end(t, error);
    return A407_READ_RETURN;
}

static enum a407_read pass(struct a407_turn *t, int error)
{
    a407_turn_end(t, error);
    return A407_READ_PASS;
}

static enum a407_read deliver(struct a407_reading *r, struct a407_turn *t,
                              size_t cap, int error)
{
    r->serial = t->c->serial;
    r->cap = cap;
    t->c->reading++;
    a407_turn_end(t, error);
    return A407_READ_DELIVER;
}

/* The connection is not ours to look at any more: what of this call? */
static enum a407_read not_followed(struct a407_reading *r, struct a407_turn *t,
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

enum a407_read a407_read_begin(int fd, size_t n, int flags, const void *caller,
                               struct a407_reading *r)
{
    struct a407_turn t;
    int saved;
    *r = (struct a407_reading){0};
    if (a407_guard.depth || (flags & (MSG_OOB | MSG_ERRQUEUE)))
        return A407_READ_PASS;
    if (on_credit(r, fd, n))
        return A407_READ_DELIVER;
    if (!a407_turn_begin(&t, fd, 0, flags & MSG_DONTWAIT ? 0 : SO_RCVTIMEO,
                         caller, &saved))
        return A407_READ_PASS;
    t.c->credit[A407_READS].at = fd;
    struct a407_plan plan = a407_engine_plan(t.c->driver.engine);
    if (plan.kind == A407_WANT_DELIVER && !t.c->gone && !t.c->driver.error)
        return deliver(r, &t, plan.n, saved); /* the middle of an answer */
    while (t.c && !t.c->gone && !t.c->driver.given_back) {
        enum a407_driven is = a407_driver_pump(&t.c->driver, A407_PUMP_ALL);
        if (is == A407_DRIVEN || is == A407_NOT_FOLLOWED)
            break;
        if (!a407_block(&t, is, flags))
            return give(r, &t, -1, errno);
    }
    if (!t.c || t.lost)
        return not_followed(r, &t, saved);
    struct a407_conn *c = t.c;
    if (c->driver.error) {
        int error = c->driver.error;
        c->driver.error = 0;
        a407_engine_delivered_end(c->driver.engine);
        return give(r, &t, -1, error);
    }
    a407_turn_end_child(&t);
    if (a407_turn_is_forgotten(&t) || c->driver.given_back)
        return pass(&t, saved);
    return deliver(r, &t, a407_engine_plan(c->driver.engine).n, saved);
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
        a407_engine_closed(c->driver.engine); /* bytes that nobody has seen */
    } else if (n > 0 && !(flags & MSG_PEEK)) {
        size_t left = (size_t)n;
        c->received += left;
        for (size_t i = 0; i < iov_n && left; i++) {
            size_t k = iov[i].iov_len < left ? iov[i].iov_len : left;
            a407_engine_delivered(c->driver.engine, iov[i].iov_base, k);
            left -= k;
        }
        a407_driver_see_words(&c->driver);
    } else if (ends && !(flags & MSG_PEEK)) {
        a407_engine_delivered_end(c->driver.engine);
    }
    a407_turn_end(&t, saved);
}
