/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

#include "epoll.h"
#include "hooks.h"
#include "other_libc.h"
#include "readable.h"
#include "readiness.h"

/*
 * Without a connection to a proxy each costs one load; and the call itself
 * where nothing is under way and no other thread can begin with something. A
 * poll or select that began before has no such connection in its set; into an
 * epoll set one may be put meanwhile: that takes a second load, afterwards.
 */
static inline bool plain(void)
{
    return __builtin_expect(!a407_attention_now(), 1) ||
           (!a407_any_under_way() && a407_single_threaded());
}

/* Milliseconds as the kernel takes them: negative is for ever. */
static const struct timespec *of_ms(int ms, struct timespec *t)
{
    *t = (struct timespec){ms / 1000, ms % 1000 * 1000000L};
    return ms < 0 ? NULL : t;
}

/* Rounded up, as the kernel does. */
static int to_ms(const struct timespec *t)
{
    if (!t)
        return -1;
    int64_t ms = (int64_t)t->tv_sec * 1000 + (t->tv_nsec + 999999) / 1000000;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/* The kernel says EINVAL. */
static bool is_wrong(const struct timespec *t)
{
    return t && (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec > 999999999);
}

/* ---- poll ---- */

static int call_poll(struct a407_readiness *r, const struct timespec *timeout,
                     const sigset_t *mask)
{
    if (mask || r->fine)
        return REAL(ppoll)(r->in, r->n, timeout, mask);
    return REAL(poll)(r->in, r->n, to_ms(timeout));
}

static int filter_poll(struct a407_readiness *r, int k)
{
    struct pollfd *p = r->in;
    unsigned looks = A407_LOOKS;
    for (size_t i = 0; i < r->n; i++) {
        if (!p[i].revents || p[i].fd < 0 || !a407_reads(p[i].fd))
            continue;
        p[i].revents &= (short)~a407_hides(
            p[i].fd, (unsigned short)p[i].revents, &looks, NULL);
        k -= !p[i].revents;
    }
    return k;
}

static void set_of_poll(const struct a407_readiness *r, struct pollfd *out)
{
    memcpy(out, r->in, r->n * sizeof *out);
    for (size_t i = 0; i < r->n; i++)
        out[i].revents = 0;
}

static __attribute__((noinline)) int slow_poll(struct pollfd *fds, nfds_t n,
                                               const struct timespec *timeout,
                                               const sigset_t *mask, bool fine)
{
    struct a407_readiness r = {.timeout = timeout,
                               .mask = mask,
                               .fine = fine,
                               .call = call_poll,
                               .filter = filter_poll,
                               .set = set_of_poll,
                               .n = n,
                               .in = fds};
    return a407_readiness_wait(&r);
}

static __attribute__((noinline)) int poll_ms(struct pollfd *fds, nfds_t n,
                                             int ms)
{
    struct timespec t;
    if (plain())
        return REAL(poll)(fds, n, ms);
    return slow_poll(fds, n, of_ms(ms, &t), NULL, false);
}

A407_EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    __typeof__(poll) *known = a407_attention_now() ? NULL : REAL_KNOWN(poll);
    return __builtin_expect(known != NULL, 1) ? known(fds, n, timeout)
                                              : poll_ms(fds, n, timeout);
}

/* libc's own version ends the program when there are more than fit. */
A407_EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout,
                           size_t size)
{
    if (size / sizeof *fds < n)
        return REAL(__poll_chk)(fds, n, timeout, size);
    return poll(fds, n, timeout);
}

A407_EXPORT int ppoll(struct pollfd *fds, nfds_t n,
                      const struct timespec *timeout, const sigset_t *mask)
{
    if (plain() || is_wrong(timeout))
        return REAL(ppoll)(fds, n, timeout, mask);
    return slow_poll(fds, n, timeout, mask, true);
}

A407_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n,
                            const struct timespec *timeout,
                            const sigset_t *mask, size_t size)
{
    if (size / sizeof *fds < n)
        return REAL(__ppoll_chk)(fds, n, timeout, mask, size);
    return ppoll(fds, n, timeout, mask);
}

/* ---- select ---- */

enum { READS, WRITES, EXCEPTS, SETS };

/* What poll() calls the same (Linux, fs/select.c). */
static const short events_of[SETS] = {POLLIN | POLLRDNORM | POLLRDBAND,
                                      POLLOUT | POLLWRNORM | POLLWRBAND,
                                      POLLPRI};

struct sets {
    fd_set *theirs[SETS]; /* or NULL */
    size_t bytes;         /* of each, in whole words */
    char *asked;          /* copies of what the program has asked for */
    size_t limit;
};

static bool is_in(const char *set, size_t fd)
{
    return ((const unsigned char *)set)[fd / 8] >> fd % 8 & 1;
}

static void take_off(fd_set *set, size_t fd)
{
    ((unsigned char *)set)[fd / 8] &= (unsigned char)~(1u << fd % 8);
}

static int call_select(struct a407_readiness *r, const struct timespec *timeout,
                       const sigset_t *mask)
{
    struct sets *s = r->in;
    for (int i = 0; i < SETS; i++)
        if (s->theirs[i])
            memcpy(s->theirs[i], s->asked + (size_t)i * s->bytes, s->bytes);
    return REAL(pselect)((int)s->limit, s->theirs[READS], s->theirs[WRITES],
                         s->theirs[EXCEPTS], timeout, mask);
}

static int filter_select(struct a407_readiness *r, int k)
{
    struct sets *s = r->in;
    unsigned looks = A407_LOOKS;
    for (size_t fd = 0; fd < s->limit; fd++) {
        unsigned found = 0;
        if (!a407_reads((int)fd))
            continue;
        for (int i = 0; i < SETS; i++)
            if (s->theirs[i] && is_in((char *)s->theirs[i], fd))
                found |= (unsigned)events_of[i];
        unsigned hidden = found ? a407_hides((int)fd, found, &looks, NULL) : 0;
        for (int i = 0; i < SETS; i++)
            if (hidden & found & (unsigned)events_of[i]) {
                take_off(s->theirs[i], fd);
                k--;
            }
    }
    return k;
}

static short asked_for(const struct sets *s, size_t fd)
{
    short events = 0;
    for (size_t i = 0; i < SETS; i++)
        if (s->theirs[i] && is_in(s->asked + i * s->bytes, fd))
            events |= events_of[i];
    return events;
}

static void set_of_select(const struct a407_readiness *r, struct pollfd *out)
{
    const struct sets *s = r->in;
    for (size_t fd = 0; fd < s->limit; fd++) {
        short events = asked_for(s, fd);
        if (events)
            *out++ = (struct pollfd){.fd = (int)fd, .events = events};
    }
}

/* False: the kernel is to judge. */
static bool ask(struct sets *s, char *copies)
{
    s->asked = copies;
    for (int i = 0; i < SETS; i++) {
        char *copy = copies + (size_t)i * s->bytes;
        if (!s->theirs[i])
            memset(copy, 0, s->bytes);
        else if (a407_readable(s->theirs[i], s->bytes) < s->bytes)
            return false;
        else
            memcpy(copy, s->theirs[i], s->bytes);
    }
    return true;
}

static __attribute__((noinline)) int
slow_select(int limit, fd_set *reads, fd_set *writes, fd_set *excepts,
            const struct timespec *timeout, const sigset_t *mask)
{
    struct sets s = {.theirs = {reads, writes, excepts},
                     .bytes = ((size_t)limit + 63) / 64 * 8,
                     .limit = (size_t)limit};
    char here[SETS * sizeof(fd_set)];
    size_t size = SETS * s.bytes;
    char *copies = here;
    if (size > sizeof here)
        copies = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool mapped = copies != here && copies != MAP_FAILED;
    if (copies == MAP_FAILED || !ask(&s, copies)) { /* no memory; EFAULT */
        if (mapped)
            munmap(copies, size);
        return REAL(pselect)(limit, reads, writes, excepts, timeout, mask);
    }
    struct a407_readiness r = {.timeout = timeout,
                               .mask = mask,
                               .fine = true,
                               .call = call_select,
                               .filter = filter_select,
                               .set = set_of_select,
                               .in = &s};
    for (size_t fd = 0; fd < s.limit; fd++)
        r.n += asked_for(&s, fd) != 0;
    int k = a407_readiness_wait(&r);
    int saved = errno;
    /* a call that fails leaves the sets as they were */
    for (int i = 0; k < 0 && i < SETS; i++)
        if (s.theirs[i])
            memcpy(s.theirs[i], s.asked + (size_t)i * s.bytes, s.bytes);
    if (mapped)
        munmap(copies, size);
    errno = saved;
    return k;
}

/* Linux tells in the time-out what is left of it. */
static __attribute__((noinline)) int select_us(int limit, fd_set *reads,
                                               fd_set *writes, fd_set *excepts,
                                               struct timeval *tv)
{
    struct timespec t, begun, now;
    if (!tv || tv->tv_sec > INT32_MAX) /* none of that will be used up */
        return slow_select(limit, reads, writes, excepts, NULL, NULL);
    t.tv_sec = tv->tv_sec + tv->tv_usec / 1000000;
    t.tv_nsec = tv->tv_usec % 1000000 * 1000;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    int k = slow_select(limit, reads, writes, excepts, &t, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t us = (t.tv_sec + begun.tv_sec - now.tv_sec) * INT64_C(1000000) +
                 (t.tv_nsec + begun.tv_nsec - now.tv_nsec) / 1000;
    if (us < 0 || k == 0)
        us = 0;
    *tv = (struct timeval){us / 1000000, us % 1000000};
    return k;
}

A407_EXPORT int select(int limit, fd_set *restrict reads,
                       fd_set *restrict writes, fd_set *restrict excepts,
                       struct timeval *restrict timeout)
{
    if (plain() || limit < 0 || (unsigned)limit > A407_FD_MAX ||
        (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
        return REAL(select)(limit, reads, writes, excepts, timeout);
    return select_us(limit, reads, writes, excepts, timeout);
}

A407_EXPORT int pselect(int limit, fd_set *restrict reads,
                        fd_set *restrict writes, fd_set *restrict excepts,
                        const struct timespec *restrict timeout,
                        const sigset_t *restrict mask)
{
    if (plain() || limit < 0 || (unsigned)limit > A407_FD_MAX ||
        is_wrong(timeout))
        return REAL(pselect)(limit, reads, writes, excepts, timeout, mask);
    return slow_select(limit, reads, writes, excepts, timeout, mask);
}

/* ---- epoll ---- */

struct epoll_call {
    int epfd;
    struct epoll_event *events;
    int room;
};

static int call_epoll(struct a407_readiness *r, const struct timespec *timeout,
                      const sigset_t *mask)
{
    const struct epoll_call *e = r->in;
    int room = e->room;
    if (room > A407_LOOKS && a407_any_under_way())
        room = A407_LOOKS; /* the others are told with the next call */
    if (r->fine)
        return REAL(epoll_pwait2)(e->epfd, e->events, room, timeout, mask);
    if (mask)
        return REAL(epoll_pwait)(e->epfd, e->events, room, to_ms(timeout),
                                 mask);
    return REAL(epoll_wait)(e->epfd, e->events, room, to_ms(timeout));
}

/* Whose event is it, of those with something under way? -1: nobody's, or there
   is doubt. */
static int fd_of(int epfd, uint64_t data)
{
    int fd = (int)(uint32_t)data; /* what most programs put there */
    if ((unsigned)fd >= A407_FD_MAX || !a407_reads(fd) ||
        !a407_epoll_has(epfd, fd, data))
        fd = a407_under_way_by_data(epfd, data);
    return fd;
}

static void delivers(int epfd, int fd, bool delivered)
{
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_take(fd);
    if (c) {
        a407_epoll_delivers(c, epfd, fd, delivered);
        a407_conn_give(c);
    }
    a407_leave(saved);
}

static int filter_epoll(struct a407_readiness *r, int k)
{
    const struct epoll_call *e = r->in;
    int left = 0;
    for (int i = 0; i < k; i++) {
        struct epoll_event ev = e->events[i];
        int fd = fd_of(e->epfd, ev.data.u64);
        unsigned hidden = fd < 0 ? 0 : a407_hides(fd, ev.events, NULL, NULL);
        if (hidden & ev.events &&
            a407_epoll_is_unique(e->epfd, fd, ev.data.u64))
            ev.events &= ~hidden;
        unsigned asked = fd < 0 ? 0 : a407_epoll_asked(e->epfd, fd);
        if (fd >= 0)
            ev.events &= asked;
        if (asked & EPOLLONESHOT)
            delivers(e->epfd, fd, ev.events != 0);
        if (ev.events)
            e->events[left++] = ev;
    }
    return left;
}

static void set_of_epoll(const struct a407_readiness *r, struct pollfd *out)
{
    const struct epoll_call *e = r->in;
    *out = (struct pollfd){.fd = e->epfd, .events = POLLIN};
}

/* found: by a plain call, or 0. Its time is not taken off the time-out. */
static __attribute__((noinline)) int
slow_epoll(int epfd, struct epoll_event *events, int n,
           const struct timespec *timeout, const sigset_t *mask, bool fine,
           int found)
{
    struct epoll_call e = {epfd, events, n};
    struct a407_readiness r = {.found = found,
                               .timeout = timeout,
                               .mask = mask,
                               .fine = fine,
                               .deaf = true,
                               .call = call_epoll,
                               .filter = filter_epoll,
                               .set = set_of_epoll,
                               .n = 1,
                               .in = &e};
    return a407_readiness_wait(&r);
}

static __attribute__((noinline)) int epoll_ms(int epfd,
                                              struct epoll_event *events, int n,
                                              int ms, const sigset_t *mask,
                                              int found)
{
    struct timespec t;
    return slow_epoll(epfd, events, n, of_ms(ms, &t), mask, false, found);
}

/* Something was begun with while the call slept that has found that? */
static inline bool not_plain_since(int found)
{
    return found > 0 && __builtin_expect(a407_any_under_way(), 0);
}

A407_EXPORT int epoll_wait(int epfd, struct epoll_event *events, int n,
                           int timeout)
{
    int found = 0;
    if (plain()) {
        found = REAL(epoll_wait)(epfd, events, n, timeout);
        if (!not_plain_since(found))
            return found;
    }
    return epoll_ms(epfd, events, n, timeout, NULL, found);
}

A407_EXPORT int epoll_pwait(int epfd, struct epoll_event *events, int n,
                            int timeout, const sigset_t *mask)
{
    int found = 0;
    if (plain()) {
        found = REAL(epoll_pwait)(epfd, events, n, timeout, mask);
        if (!not_plain_since(found))
            return found;
    }
    return epoll_ms(epfd, events, n, timeout, mask, found);
}

A407_EXPORT int epoll_pwait2(int epfd, struct epoll_event *events, int n,
                             const struct timespec *timeout,
                             const sigset_t *mask)
{
    int found = 0;
    if (plain() ||
        (timeout &&
         a407_readable(timeout, sizeof *timeout) < sizeof *timeout) ||
        is_wrong(timeout)) {
        found = REAL(epoll_pwait2)(epfd, events, n, timeout, mask);
        if (!not_plain_since(found))
            return found;
    }
    return slow_epoll(epfd, events, n, timeout, mask, true, found);
}
