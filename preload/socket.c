/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "other_libc.h"
#include "real.h"

/* linux/tcp.h hides TCP states. */
#define STATE_CLOSE 7

int a407_socket_hold(const struct a407_conn *c, int fd)
{
    int held = a407_fd_copy(fd);
    if (held < 0 && errno == EMFILE && a407_single_threaded())
        held = fd;
    if (held < 0)
        return -1;
    if (a407_socket_cookie(held) == c->cookie)
        return held;
    a407_socket_release(held, fd);
    errno = EBADF;
    return -1;
}

void a407_socket_release(int held, int fd)
{
    int saved = errno;
    if (held >= 0 && held != fd)
        REAL(close)(held);
    errno = saved;
}

bool a407_socket_is_made(const struct a407_conn *c)
{
    return c->made >= 0 && a407_socket_cookie(c->made) == c->made_cookie;
}

void a407_socket_drop_made(struct a407_conn *c)
{
    if (a407_socket_is_made(c))
        REAL(close)(c->made);
    c->made = -1;
}

static int queued(int fd, unsigned long which)
{
    int n = 0;
    return REAL(ioctl)(fd, which, &n) == 0 && n > 0 ? n : 0;
}

static bool info_of(int fd, struct tcp_info *info)
{
    socklen_t n = sizeof *info;
    *info = (struct tcp_info){0};
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &n) == 0;
}

/* One more than the bytes is acknowledged: the SYN. RFC 9293 section 3.4. */
static uint64_t bytes_sent(int fd, const struct tcp_info *info)
{
    uint64_t acked = info->tcpi_bytes_acked;
    return (acked ? acked - 1 : 0) + (uint64_t)queued(fd, SIOCOUTQ);
}

bool a407_socket_is_new(int fd, bool connecting)
{
    struct tcp_info info;
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    if (connecting && !info_of(fd, &info)) /* no TCP_INFO here: is it free? */
        return getpeername(fd, (struct sockaddr *)&peer, &n) != 0;
    if (connecting)
        return info.tcpi_state == STATE_CLOSE;
    return info_of(fd, &info) && info.tcpi_state != STATE_CLOSE &&
           !info.tcpi_bytes_received && !bytes_sent(fd, &info);
}

bool a407_socket_has_unseen(const struct a407_conn *c, int held)
{
    struct tcp_info info;
    if (!c->counted || !info_of(held, &info) ||
        info.tcpi_state == STATE_CLOSE) /* its counts are over */
        return false;
    /* a FIN counts as a byte, either way */
    if (!c->writing && bytes_sent(held, &info) > c->sent + 1)
        return true;
    uint64_t taken = info.tcpi_bytes_received;
    uint64_t left = (uint64_t)queued(held, SIOCINQ);
    return !c->reading && taken > left && taken - left > c->received + 1;
}

static bool same_end(const struct sockaddr_storage *a,
                     const struct sockaddr_storage *b)
{
    const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
    const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return a4->sin_port == b4->sin_port &&
               a4->sin_addr.s_addr == b4->sin_addr.s_addr;
    return a6->sin6_port == b6->sin6_port &&
           memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr) == 0;
}

bool a407_socket_leads_elsewhere(struct a407_conn *c, int held)
{
    struct sockaddr_storage now = {0};
    socklen_t n = sizeof now;
    uint16_t port = a407_socket_port(held);
    if (!c->port)
        c->port = port;
    if (getpeername(held, (struct sockaddr *)&now, &n) != 0)
        return false; /* not connected yet, or no more */
    if (c->there.ss_family)
        return !same_end(&c->there, &now);
    /* a socket that is taken apart loses its port */
    if (port != c->port)
        return true;
    c->there = now;
    return false;
}

/* Of several subflows (MPTCP) only the first one's counts are told. */
bool a407_socket_is_counted(int fd)
{
    return a407_socket_int(fd, SO_PROTOCOL) == IPPROTO_TCP;
}

uint16_t a407_socket_port(int fd)
{
    struct sockaddr_storage own = {0};
    socklen_t n = sizeof own;
    if (getsockname(fd, (struct sockaddr *)&own, &n) != 0 ||
        (own.ss_family != AF_INET && own.ss_family != AF_INET6))
        return 0;
    return ntohs(((struct sockaddr_in *)&own)->sin_port); /* IPv6's, too */
}

int a407_socket_int(int fd, int option)
{
    int value = 0;
    socklen_t n = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 ? value : -1;
}

int a407_socket_timeout_ms(int fd, int option)
{
    struct timeval t = {0};
    socklen_t n = sizeof t;
    if (getsockopt(fd, SOL_SOCKET, option, &t, &n) != 0 ||
        (!t.tv_sec && !t.tv_usec) || t.tv_sec > INT_MAX / 1000 - 1)
        return -1;
    return (int)(t.tv_sec * 1000 + (t.tv_usec + 999) / 1000);
}

void a407_socket_set_lowat(struct a407_conn *c, int held, size_t need)
{
    int now = c->lowat ? c->lowat : a407_socket_int(held, SO_RCVLOWAT);
    int want = (int)need;
    c->lowat = now < 0 ? 1 : now;
    setsockopt(held, SOL_SOCKET, SO_RCVLOWAT, &want, sizeof want);
}

void a407_socket_restore_lowat(struct a407_conn *c, int held)
{
    if (!c->lowat)
        return;
    setsockopt(held, SOL_SOCKET, SO_RCVLOWAT, &c->lowat, sizeof c->lowat);
    c->lowat = 0;
}

bool a407_socket_blocks(int fd, int flags)
{
    if (flags & MSG_DONTWAIT)
        return false;
    int fl = REAL(fcntl)(fd, F_GETFL);
    return fl < 0 || !(fl & O_NONBLOCK);
}
