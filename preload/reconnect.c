/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/time.h>

#include "epoll.h"
#include "other_libc.h"
#include "real.h"
#include "socket.h"
#include "transport.h"

/*
 * A connected TCP socket is taken apart with AF_UNSPEC and connected again:
 * the fd, its copies, its options and its epoll registrations stay. Linux
 * only; its queues and its SHUT_WR are lost. Where the kernel refuses that, a
 * new socket takes the place of the fd and of the copies that we know.
 *
 * connect() itself only begins here. Whoever comes by until then, in whatever
 * call, finds the driver's renewal_fd and looks whether it is done.
 */

/*
 * connect() of a blocking socket waits as long as SO_SNDTIMEO says: with the
 * shortest there is, one tick of the kernel's clock, it goes on by itself.
 * 0: connected; else errno, EINPROGRESS among them.
 */
static int begin_connect(const struct a407_conn *c, int fd)
{
    struct timeval program = {0}, shortest = {.tv_usec = 1};
    socklen_t n = sizeof program;
    bool waits = a407_socket_blocks(fd, 0);
    if (waits) {
        getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &program, &n);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &shortest, sizeof shortest);
    }
    int rc = REAL(connect)(fd, (const struct sockaddr *)&c->peer, c->peer_n);
    int error = rc == 0 ? 0 : errno;
    if (waits)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &program, sizeof program);
    return error;
}

/* ---- a new socket for the fd's place ---- */

static const struct {
    int level, name;
} options[] = {
    {SOL_SOCKET, SO_KEEPALIVE},  {SOL_SOCKET, SO_PRIORITY},
    {SOL_SOCKET, SO_MARK},       {SOL_SOCKET, SO_OOBINLINE},
    {SOL_SOCKET, SO_RCVLOWAT},   {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_TCP, TCP_KEEPCNT},  {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_QUICKACK}, {IPPROTO_IP, IP_TOS},
    {IPPROTO_IPV6, IPV6_V6ONLY}, {IPPROTO_IPV6, IPV6_TCLASS},
};

static void copy_options(int from, int to)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        int value, now;
        socklen_t n = sizeof value, m = sizeof now;
        if (getsockopt(from, options[i].level, options[i].name, &value, &n) !=
            0)
            continue;
        if (getsockopt(to, options[i].level, options[i].name, &now, &m) == 0 &&
            now == value)
            continue;
        setsockopt(to, options[i].level, options[i].name, &value, n);
    }
    static const int timeouts[] = {SO_RCVTIMEO, SO_SNDTIMEO};
    for (int i = 0; i < 2; i++) {
        struct timeval t;
        socklen_t n = sizeof t;
        if (getsockopt(from, SOL_SOCKET, timeouts[i], &t, &n) == 0)
            setsockopt(to, SOL_SOCKET, timeouts[i], &t, n);
    }
    struct linger linger;
    socklen_t n = sizeof linger;
    if (getsockopt(from, SOL_SOCKET, SO_LINGER, &linger, &n) == 0)
        setsockopt(to, SOL_SOCKET, SO_LINGER, &linger, n);
}

static int new_socket(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    int protocol = 0;
    socklen_t n = sizeof protocol;
    getsockopt(t->held, SOL_SOCKET, SO_PROTOCOL, &protocol, &n);
    c->made = a407_socket_out_of_the_way(
        socket(c->peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
               protocol));
    if (c->made < 0)
        return errno;
    c->made_cookie = a407_socket_cookie(c->made);
    copy_options(t->held, c->made);
    return begin_connect(c, c->made);
}

/* ---- the same socket again ---- */

/*
 * Of a blocking socket that takes a tick: so it is without the lock, and who
 * comes by finds renewal_busy. (Not one in an epoll set: epoll_ctl() must not
 * find it missing there, and few such block.)
 */
static int connect_unlocked(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    c->driver.renewal_busy = true;
    c->send_ms = a407_socket_timeout_ms(t->held, SO_SNDTIMEO);
    c->site->fds_out++;
    a407_conn_unlock(c);
    int error = begin_connect(c, t->held);
    a407_conn_lock(c);
    c->site->fds_out--;
    c->driver.renewal_busy = false;
    c->driver.link = t;
    t->waited = true;
    t->lost = a407_socket_cookie(t->fd) != c->cookie;
    return error;
}

static int same_socket(struct a407_turn *t, bool *refused)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    /* Another thread in epoll_wait would see the moment without connection
       as a hang-up. */
    bool back = !a407_single_threaded() && a407_epoll_out(t->fd);
    *refused = REAL(connect)(t->held, &nowhere, sizeof nowhere) != 0;
    int error = *refused ? errno
                : back || !a407_socket_blocks(t->held, 0)
                    ? begin_connect(t->c, t->held)
                    : connect_unlocked(t);
    if (back && a407_socket_cookie(t->fd) == t->c->cookie)
        a407_epoll_in(t->fd);
    return error;
}

/* ---- */

void a407_reconnect_drop(struct a407_conn *c)
{
    a407_socket_drop_made(c);
    if (c->driver.renewal_fd != -1)
        c->sent = c->received = 0;
    c->driver.renewal_fd = -1;
}

static enum a407_renewal over(struct a407_turn *t, bool ok)
{
    struct a407_conn *c = t->c;
    if (ok && c->made >= 0)
        a407_replace(t, c->made);
    a407_reconnect_drop(c);
    if (ok && a407_turn_hold(t) >= 0)
        ok = !a407_socket_leads_elsewhere(c, t->held);
    if (ok)
        a407_engine_local_port(c->driver.engine, c->port);
    return ok ? A407_RENEWED : A407_RENEWAL_FAILED;
}

static enum a407_renewal begin(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    bool refused;
    c->renewed++;
    c->port = 0;
    c->there = (struct sockaddr_storage){0};
    c->driver.renewal_fd = A407_OWN_FD;
    int error = same_socket(t, &refused);
    if (a407_engine_plan(c->driver.engine).kind != A407_WANT_RECONNECT) {
        a407_reconnect_drop(c); /* closed meanwhile */
        return t->lost ? A407_RENEWAL_OTHERS : A407_RENEWAL_DROPPED;
    }
    c->driver.renewal_fd = A407_OWN_FD;
    if (refused)
        error = new_socket(t);
    if (error && error != EINPROGRESS)
        return over(t, false);
    if (refused)
        c->driver.renewal_fd = c->made;
    a407_socket_leads_elsewhere(c, refused ? c->made : t->held); /* noted */
    return t->lost ? A407_RENEWAL_OTHERS : A407_RENEWAL_PENDING;
}

enum a407_renewal a407_reconnect(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    int error = 0;
    socklen_t n = sizeof error;
    if (c->driver.renewal_busy)
        return A407_RENEWAL_PENDING;
    enum a407_renewal is =
        c->driver.renewal_fd != -1 ? A407_RENEWAL_PENDING : begin(t);
    if (is != A407_RENEWAL_PENDING)
        return is;
    if (c->made >= 0 && !a407_socket_is_made(c))
        return over(t, false); /* the program has closed what it did not open */
    int fd = c->made >= 0 ? c->made : t->held;
    if (!a407_ready(fd, POLLOUT))
        return A407_RENEWAL_PENDING;
    return over(t, getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 &&
                       !error);
}
