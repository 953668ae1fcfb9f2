/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>

#include "epoll.h"
#include "hooks.h"
#include "settings.h"

/* Where file descriptors come from, go to, and what they are connected to. */

__thread struct a407_guard a407_guard
    __attribute__((tls_model("initial-exec")));

static __attribute__((constructor)) void start(void)
{
    a407_real_start();
    a407_registry_init();
}

/* ---- connect ---- */

static void track(int fd, const struct sockaddr *addr, socklen_t n)
{
    struct a407_endpoint e;
    int type = 0;
    socklen_t type_n = sizeof type;
    const struct a407_config *config = a407_settings();
    if (!config)
        return;
    const struct a407_known_proxy *known = a407_settings_match(addr);
    if (!known) {
        a407_slot_set(fd, A407_WATCH);
        return;
    }
    /* TLS to the proxy can't be read at the socket. */
    if (known->tls || n > sizeof(struct sockaddr_storage) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) != 0 ||
        type != SOCK_STREAM) {
        a407_slot_drop(fd);
        return;
    }
    e = known->endpoint;
    struct a407_site *site = a407_site_get(&e);
    struct a407_conn *c = site ? a407_conn_new(site, addr, n) : NULL;
    if (!c)
        return;
    c->cookie = a407_socket_cookie(fd);
    a407_slot_set(fd, c);
    a407_conn_put(c);
}

/* Called before the real connect: afterwards another thread, woken by the
   connection, may already write. */
static void before_connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    if (a407_guard.depth || !addr || n < sizeof(struct sockaddr_in) ||
        (addr->sa_family != AF_INET && addr->sa_family != AF_INET6) ||
        (addr->sa_family == AF_INET6 && n < sizeof(struct sockaddr_in6)) ||
        (unsigned)fd >= A407_FD_MAX || !a407_own_process())
        return;
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_get(fd);
    /* lynx and ruby call connect() once more to ask whether it is done */
    bool again = c && c->peer_n == n && memcmp(&c->peer, addr, n) == 0 &&
                 a407_same_socket(c, fd);
    if (!again)
        track(fd, addr, n);
    if (c)
        a407_conn_put(c);
    a407_leave(saved);
}

static void after_connect(int fd, const struct sockaddr *addr, int rc)
{
    if (a407_guard.depth || !a407_slot(fd))
        return;
    int saved = a407_enter();
    bool failed = rc != 0 && saved != EINPROGRESS && saved != EALREADY &&
                  saved != EISCONN && saved != EINTR && saved != EAGAIN;
    if (failed || (rc == 0 && addr && addr->sa_family == AF_UNSPEC))
        a407_slot_drop(fd);
    a407_leave(saved);
}

A407_EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    before_connect(fd, addr, n);
    int rc = REAL(connect)(fd, addr, n);
    after_connect(fd, addr, rc);
    return rc;
}

A407_EXPORT int __connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    before_connect(fd, addr, n);
    int rc = REAL(__connect)(fd, addr, n);
    after_connect(fd, addr, rc);
    return rc;
}

/* ---- close ---- */

static __attribute__((noinline)) void drop(int fd)
{
    if (a407_guard.depth)
        return;
    int saved = a407_enter();
    a407_slot_drop(fd);
    a407_leave(saved);
}

A407_EXPORT int close(int fd)
{
    a407_epoll_drop(fd);
    if (a407_writes(fd))
        drop(fd);
    return REAL(close)(fd);
}

A407_EXPORT int __close(int fd)
{
    a407_epoll_drop(fd);
    if (a407_writes(fd))
        drop(fd);
    return REAL(__close)(fd);
}

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

static __attribute__((noinline)) void copied(int from, int to)
{
    if (to >= 0 && from != to)
        a407_epoll_drop(to);
    if (a407_guard.depth || to < 0 || from == to)
        return;
    int saved = a407_enter();
    a407_slot_copy(from, to);
    a407_leave(saved);
}

A407_EXPORT int dup(int fd)
{
    int to = REAL(dup)(fd);
    if (a407_writes(fd))
        copied(fd, to);
    return to;
}

A407_EXPORT int dup2(int from, int to)
{
    int rc = REAL(dup2)(from, to);
    if (a407_writes(from) || a407_writes(to))
        copied(from, rc);
    return rc;
}

A407_EXPORT int __dup2(int from, int to)
{
    int rc = REAL(__dup2)(from, to);
    if (a407_writes(from) || a407_writes(to))
        copied(from, rc);
    return rc;
}

A407_EXPORT int dup3(int from, int to, int flags)
{
    int rc = REAL(dup3)(from, to, flags);
    if (a407_writes(from) || a407_writes(to))
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
    if (duplicates(cmd) && a407_writes(fd))
        copied(fd, rc);
    return rc;
}

A407_EXPORT int fcntl64(int fd, int cmd, ...)
{
    va_list ap;
    va_start(ap, cmd);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    int rc = REAL(fcntl64)(fd, cmd, arg);
    if (duplicates(cmd) && a407_writes(fd))
        copied(fd, rc);
    return rc;
}

/* ---- the rest ---- */

A407_EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    int rc = REAL(epoll_ctl)(epfd, op, fd, ev);
    if (rc == 0)
        a407_epoll_note(epfd, op, fd, ev);
    return rc;
}

static __attribute__((noinline)) void shut(int fd, int how)
{
    if (a407_guard.depth)
        return;
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_get(fd);
    if (c) {
        /* SHUT_WR: a fresh connection will need it again. The others: the
           program wants no answer any more, and may have a reader to wake. */
        bool *flag = how == SHUT_WR ? &c->shut_write : &c->shut_read;
        __atomic_store_n(flag, true, __ATOMIC_RELAXED);
        a407_conn_put(c);
    }
    a407_leave(saved);
}

A407_EXPORT int shutdown(int fd, int how)
{
    if (a407_reads(fd))
        shut(fd, how);
    return REAL(shutdown)(fd, how);
}
