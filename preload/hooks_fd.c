/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <stdint.h>

#include "epoll.h"
#include "hooks.h"
#include "host/handed.h"
#include "host/sink.h"
#include "not_covered.h"
#include "readable.h"
#include "track.h"
#include "turn.h"

/* Where file descriptors come from, go to, and what they are connected to. */

static bool is_tracked(int fd)
{
    return a407_slot(fd) != NULL;
}

/* What every process runs is marked as cold, like this: so it lies together,
   on pages that are loaded at once. */
static __attribute__((constructor)) void start(void)
{
    a407_real_start();
    a407_follow_start();
    a407_not_covered_start();
    a407_handed_take();
    a407_sink_start(is_tracked);
    a407_fork_start();
}

/* ---- close ---- */

static __attribute__((noinline)) void drop(int fd)
{
    if (a407_guard.depth)
        return;
    if (a407_any_under_way())
        a407_wait_until(fd, A407_SENT, NULL);
    a407_track_drop(fd);
}

A407_EXPORT int close(int fd)
{
    a407_epoll_drop(fd);
    if (a407_writes(fd))
        drop(fd);
    return REAL(close)(fd);
}
A407_ALSO(__close, close);

static void drop_range(unsigned first, unsigned last)
{
    if (last >= A407_FD_MAX)
        last = A407_FD_MAX - 1;
    int top = a407_slot_top();
    for (unsigned fd = first; fd <= last && (int)fd <= top; fd++)
        if (a407_writes((int)fd))
            drop((int)fd);
}

A407_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    if (!(flags & CLOSE_RANGE_CLOEXEC) && first <= last)
        drop_range(first, last);
    return REAL(close_range)(first, last, flags);
}

A407_EXPORT void closefrom(int first)
{
    drop_range(first < 0 ? 0 : (unsigned)first, A407_FD_MAX - 1);
    REAL(closefrom)(first);
}

/* ---- copies ---- */

/* Before `to` is another socket, or another thread would take it for the old
   one; but not if the call is going to fail. */
static __attribute__((noinline)) void make_way(int from, int to)
{
    if (from != to && REAL(fcntl)(from, F_GETFD) >= 0)
        drop(to);
}

static __attribute__((noinline)) void copied(int from, int to)
{
    if (to >= 0 && from != to)
        a407_epoll_drop(to);
    if (a407_guard.depth || to < 0 || from == to)
        return;
    int saved = a407_enter();
    a407_track_copy(from, to);
    a407_leave(saved);
}

A407_EXPORT int dup(int fd)
{
    int to = REAL(dup)(fd);
    a407_epoll_copied(fd, to);
    if (a407_writes(fd))
        copied(fd, to);
    return to;
}

A407_EXPORT int dup2(int from, int to)
{
    if (a407_writes(to))
        make_way(from, to);
    int rc = REAL(dup2)(from, to);
    if (a407_writes(from))
        copied(from, rc);
    return rc;
}
A407_ALSO(__dup2, dup2);

A407_EXPORT int dup3(int from, int to, int flags)
{
    if (a407_writes(to))
        make_way(from, to);
    int rc = REAL(dup3)(from, to, flags);
    if (a407_writes(from))
        copied(from, rc);
    return rc;
}

static bool duplicates(int cmd)
{
    return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC;
}

A407_EXPORT int fcntl(int fd, int cmd, ...)
{
    va_list ap;
    va_start(ap, cmd);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    int rc = REAL(fcntl)(fd, cmd, arg);
    if (duplicates(cmd)) {
        a407_epoll_copied(fd, rc);
        if (a407_writes(fd))
            copied(fd, rc);
    }
    return rc;
}
A407_ALSO(fcntl64, fcntl);

/* ---- the rest ---- */

static int control(int epfd, int op, int fd, struct epoll_event *ev)
{
    int rc = REAL(epoll_ctl)(epfd, op, fd, ev);
    if (rc == 0)
        a407_epoll_note(epfd, op, fd, ev);
    return rc;
}

/* Not while another thread has the fd out of its set (a407_epoll_out). */
static __attribute__((noinline)) int control_ours(int epfd, int op, int fd,
                                                  struct epoll_event *ev)
{
    int saved = a407_enter(), rc;
    struct a407_conn *c = a407_conn_take(fd);
    if (c && op != EPOLL_CTL_DEL &&
        a407_readable(ev, sizeof *ev) == sizeof *ev) {
        struct a407_epoll before = a407_epoll_sets[fd];
        struct epoll_event told = a407_epoll_told(c, epfd, op, fd, ev);
        rc = REAL(epoll_ctl)(epfd, op, fd, &told);
        if (rc != 0)
            a407_epoll_sets[fd] = before;
    } else {
        rc = control(epfd, op, fd, ev);
    }
    if (rc != 0)
        saved = errno;
    if (c)
        a407_conn_give(c);
    a407_leave(saved);
    return rc;
}

A407_EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    if (a407_reads(fd) && !a407_guard.depth)
        return control_ours(epfd, op, fd, ev);
    return control(epfd, op, fd, ev);
}

/* FIONREAD: a 407 that the program is not to see must not be counted. */
A407_EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    va_start(ap, request);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    if (request == FIONREAD && a407_reads(fd) && arg &&
        a407_hides(fd, POLLIN, NULL, A407_CALLER)) {
        *(int *)arg = 0;
        return 0;
    }
    return REAL(ioctl)(fd, request, arg);
}

/* True: there is something to go out first, whoever does it shuts it then. */
static __attribute__((noinline)) bool shut(int fd, int how)
{
    struct a407_turn t;
    int saved;
    if (how != SHUT_WR && a407_any_under_way())
        a407_wait_until(fd, A407_SENT, NULL);
    if (!a407_turn_begin(&t, fd, 0, 0, NULL, &saved))
        return false;
    struct a407_driver *d = &t.c->driver;
    a407_driver_let_out(d);
    /* SHUT_WR: a fresh connection will need it again. The others: the program
       wants no answer any more, and may have a reader to wake. */
    bool *flag = how == SHUT_WR ? &d->shut_write : &d->shut_read;
    __atomic_store_n(flag, true, __ATOMIC_RELAXED);
    bool later = how == SHUT_WR && d->unsent;
    a407_turn_end(&t, saved);
    return later;
}

A407_EXPORT int shutdown(int fd, int how)
{
    if (!a407_reads(fd))
        return REAL(shutdown)(fd, how);
    if (shut(fd, how))
        return 0;
    int rc = REAL(shutdown)(fd, how);
    /* It was repeated where there was one: the request has its end there. */
    if (rc != 0 && how == SHUT_WR && errno == ENOTCONN &&
        a407_revive(fd, A407_CALLER))
        return 0;
    return rc;
}
