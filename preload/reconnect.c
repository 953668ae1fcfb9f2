/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/time.h>

#include "epoll.h"
#include "gate.h"
#include "other_libc.h"
#include "real.h"

/*
 * A connected TCP socket is taken apart with AF_UNSPEC and connected again:
 * the fd, its copies, its options and its epoll registrations stay. Linux
 * only; its queues and its SHUT_WR are lost. Where the kernel refuses that, a
 * new socket takes the place of the fd and of the copies that we know.
 */

static bool finish(int fd, int ms)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (a407_wait_through(fd, POLLOUT, ms) <= 0)
        return false;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && !error;
}

/* connect() of a blocking socket waits as long as SO_SNDTIMEO says. */
static bool connect_bounded(struct a407_conn *c, int fd, int ms)
{
    struct timeval program = {0},
                   ours = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
    socklen_t n = sizeof program;
    getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &program, &n);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &ours, sizeof ours);
    int rc = REAL(connect)(fd, (struct sockaddr *)&c->peer, c->peer_n);
    int error = errno;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &program, sizeof program);
    if (rc == 0)
        return true;
    if (error == EINPROGRESS || error == EINTR)
        return finish(fd, ms);
    return false;
}

/* ---- a new socket in the fd's place ---- */

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

/* dup3 takes an fd out of its epoll set: it is put back by hand. */
static void put_in_place(int from, int fd)
{
    int fdfl = REAL(fcntl)(fd, F_GETFD);
    bool back = a407_epoll_out(fd);
    REAL(dup3)(from, fd, fdfl & FD_CLOEXEC ? O_CLOEXEC : 0);
    if (back)
        a407_epoll_in(fd);
}

static void replace_everywhere(struct a407_conn *c, int from)
{
    int top = a407_slot_top();
    for (int fd = 0; fd <= top; fd++)
        if (a407_slot(fd) == c)
            put_in_place(from, fd);
}

static bool new_socket(struct a407_conn *c, int fd, int ms)
{
    int protocol = 0;
    socklen_t n = sizeof protocol;
    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n);
    int made = socket(c->peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
    if (made < 0)
        return false;
    copy_options(fd, made);
    bool ok = connect_bounded(c, made, ms);
    int fl = REAL(fcntl)(fd, F_GETFL);
    if (ok && fl >= 0)
        REAL(fcntl)(made, F_SETFL, fl);
    if (ok)
        replace_everywhere(c, made);
    REAL(close)(made);
    return ok;
}

/* ---- the same socket again ---- */

static bool same_socket(struct a407_conn *c, int fd, int ms, bool *refused)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    /* Another thread in epoll_wait would see the moment without connection
       as a hang-up. */
    bool back = !a407_single_threaded() && a407_epoll_out(fd);
    *refused = REAL(connect)(fd, &nowhere, sizeof nowhere) != 0;
    bool ok = !*refused && connect_bounded(c, fd, ms);
    if (back)
        a407_epoll_in(fd);
    return ok;
}

bool a407_reconnect(struct a407_conn *c, int fd)
{
    int ms = (int)c->site->proxy.config->wait_ms;
    bool refused;
    c->error = 0;
    c->renewed++;
    if (!same_socket(c, fd, ms, &refused) &&
        !(refused && new_socket(c, fd, ms)))
        return false;
    c->cookie = a407_socket_cookie(fd);
    return true;
}

void a407_give_back(struct a407_conn *c, int fd)
{
    int pair[2];
    a407_engine_lock(c);
    struct a407_span kept = a407_engine_kept(c->engine);
    int fl = REAL(fcntl)(fd, F_GETFL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        int room = (int)kept.n * 2;
        setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        REAL(send)(pair[1], kept.p, kept.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        REAL(close)(pair[1]);
        if (fl >= 0)
            REAL(fcntl)(pair[0], F_SETFL, fl);
        replace_everywhere(c, pair[0]);
        REAL(close)(pair[0]);
        c->cookie = a407_socket_cookie(fd);
        c->given_back = true;
    }
    c->error = 0;
    a407_engine_closed(c->engine);
    a407_engine_unlock(c);
}
