/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "hooks.h"
#include "settings.h"
#include "socket.h"
#include "track.h"

/* Whose address it is decides: a proxy's is followed, any other watched.
   `cookie`: of the socket that was found to be new. */
static void track(int fd, uint64_t cookie, const struct a407_known_proxy *known,
                  const struct sockaddr *addr, socklen_t n)
{
    if (!known) {
        a407_track_as(fd, A407_WATCH);
        return;
    }
    /* TLS to the proxy can't be read at the socket. */
    if (known->tls || n > sizeof(struct sockaddr_storage) ||
        a407_socket_int(fd, SO_TYPE) != SOCK_STREAM) {
        a407_track_drop(fd);
        return;
    }
    struct a407_site *site = a407_site_get(&known->endpoint);
    if (site)
        a407_track(fd, cookie, site, addr, n);
}

/* connect() is called again to ask whether it is done (lynx, ruby). A socket
   that has ever been connected may be a tunnel, and is not followed from here
   on. */
static void before_first_connect(int fd, const struct a407_known_proxy *known,
                                 const struct sockaddr *addr, socklen_t n)
{
    uint64_t cookie = a407_socket_cookie(fd); /* first: it may be swapped */
    if (a407_socket_is_new(fd, true)) {
        track(fd, cookie, known, addr, n);
        return;
    }
    struct a407_conn *c = a407_conn_get(fd);
    if (!c)
        return;
    if (c->cookie != cookie) /* closed behind our back */
        a407_track_drop(fd);
    a407_conn_put(c);
}

/* Does libc connect here, to look a name up for us (settings.c)? */
static bool for_a_look_up(void)
{
    const char *here = __builtin_frame_address(0);
    if (here < a407_guard.looking_up)
        return true;
    a407_guard.looking_up = NULL; /* a handler has jumped out of that one */
    return false;
}

/* Called before the real connect: afterwards another thread, woken by the
   connection, may already write. */
void a407_before_connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    if (a407_guard.depth || !addr || n < sizeof(struct sockaddr_in) ||
        (addr->sa_family != AF_INET && addr->sa_family != AF_INET6) ||
        (addr->sa_family == AF_INET6 && n < sizeof(struct sockaddr_in6)) ||
        (unsigned)fd >= A407_FD_MAX || !a407_own_process() || for_a_look_up())
        return;
    int saved = a407_enter();
    const struct a407_known_proxy *known = a407_settings_match(addr);
    if (a407_settings())
        before_first_connect(fd, known, addr, n);
    a407_leave(saved);
}

/* The kernel has given it a port by now, also when it is not connected yet. */
static void note_ends(int fd)
{
    struct a407_conn *c = a407_conn_take(fd);
    if (!c)
        return;
    int held = a407_socket_hold(c, fd);
    if (held >= 0 && !a407_socket_leads_elsewhere(c, held))
        a407_engine_local_port(c->driver.engine, c->port);
    a407_socket_release(held, fd);
    a407_conn_give(c);
}

void a407_after_connect(int fd, const struct sockaddr *addr, int rc)
{
    if (a407_guard.depth || !a407_slot(fd))
        return;
    int saved = a407_enter();
    bool failed = rc != 0 && saved != EINPROGRESS && saved != EALREADY &&
                  saved != EISCONN && saved != EINTR && saved != EAGAIN;
    if (failed || (rc == 0 && addr && addr->sa_family == AF_UNSPEC))
        a407_track_drop(fd);
    else
        note_ends(fd);
    a407_leave(saved);
}

A407_EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    a407_before_connect(fd, addr, n);
    int rc = REAL(connect)(fd, addr, n);
    a407_after_connect(fd, addr, rc);
    return rc;
}
A407_ALSO(__connect, connect);

/* ---- from one program to another ---- */

/* The fds in a message's SCM_RIGHTS, one after the other, to `each`. */
static void each_right(const struct msghdr *m,
                       void (*each)(int fd, const void *caller),
                       const void *caller)
{
    struct msghdr *own = (struct msghdr *)(uintptr_t)m; /* the macro's type */
    for (struct cmsghdr *c = CMSG_FIRSTHDR(own); c; c = CMSG_NXTHDR(own, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
            c->cmsg_len < CMSG_LEN(0))
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            each(fd, caller);
        }
    }
}

/* The receiver knows nothing of the request: its 407 is dealt with here. */
static void wait_for_answer(int fd, const void *caller)
{
    if (a407_reads(fd) && a407_own_process())
        a407_wait_until(fd, A407_ANSWERED, caller);
}

void a407_rights_leave(const struct msghdr *m, const void *caller)
{
    if (!a407_guard.depth)
        each_right(m, wait_for_answer, caller);
}

/* A connected socket that this process has not connected itself: followed if it
   has carried nothing yet. */
static void adopt(int fd, const struct sockaddr *peer, socklen_t n)
{
    if (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)
        return;
    int saved = a407_enter();
    const struct a407_known_proxy *known = a407_settings_match(peer);
    uint64_t cookie = a407_socket_cookie(fd);
    if (!known || a407_socket_is_new(fd, false))
        track(fd, cookie, known, peer, n);
    a407_leave(saved);
}

static void arrived(int fd, const void *caller)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    (void)caller;
    /* The number may have been closed behind our back before. */
    a407_track_drop(fd);
    if (getpeername(fd, (struct sockaddr *)&peer, &n) == 0)
        adopt(fd, (struct sockaddr *)&peer, n);
}

void a407_rights_come(const struct msghdr *m)
{
    /* A process that has never connected to the internet is not asked for the
       name of a peer: a sandboxed one would die of that. */
    if (a407_guard.depth || !a407_settings_loaded())
        return;
    int saved = errno;
    each_right(m, arrived, NULL);
    errno = saved;
}
