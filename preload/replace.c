/* SPDX-License-Identifier: MIT */
#include "transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>

#include "epoll.h"
#include "real.h"
#include "registry.h"
#include "socket.h"

/* dup3 takes an fd out of its epoll set: it is put back by hand. */
static void put_in_place(int from, int fd)
{
    int fdfl = REAL(fcntl)(fd, F_GETFD);
    bool back = a407_epoll_out(fd);
    REAL(dup3)(from, fd, fdfl & FD_CLOEXEC ? O_CLOEXEC : 0);
    if (back)
        a407_epoll_in(fd);
}

void a407_replace(struct a407_turn *t, int from)
{
    struct a407_conn *c = t->c;
    uint64_t old = c->cookie;
    int top = a407_slot_top();
    int fl = a407_turn_hold(t) >= 0 ? REAL(fcntl)(t->held, F_GETFL) : -1;
    if (fl >= 0)
        REAL(fcntl)(from, F_SETFL, fl);
    for (int fd = 0; fd <= top; fd++)
        if (a407_slot(fd) == c && a407_socket_cookie(fd) == old)
            put_in_place(from, fd);
    a407_turn_release(t);
    c->cookie = a407_socket_cookie(from);
}

/* ---- giving a 407 back ---- */

/* Is all of it in the queue that will be read? Then its end, too. */
static bool fill(int fd, struct a407_span s)
{
    size_t done = 0;
    while (done < s.n) {
        ssize_t k =
            REAL(send)(fd, s.p + done, s.n - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        done += (size_t)k;
    }
    return REAL(shutdown)(fd, SHUT_WR) == 0;
}

static int from_pair(struct a407_span s)
{
    int pair[2], room = (int)s.n * 2;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    bool ok = fill(pair[1], s);
    REAL(close)(pair[1]);
    if (ok)
        return pair[0];
    REAL(close)(pair[0]);
    return -1;
}

/*
 * A pair takes what sysctl net.core.wmem_max allows, 400 KB or so. A TCP socket
 * on the loopback interface that is connected to itself (RFC 9293 section 3.5:
 * a simultaneous open) takes some megabytes, half of it as what is still to be
 * sent: the kernel moves that on as it is read.
 */
static int from_itself(struct a407_span s)
{
    struct sockaddr_in self = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *sa = (struct sockaddr *)&self;
    socklen_t n = sizeof self;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, sa, n) == 0 && getsockname(fd, sa, &n) == 0 &&
        (REAL(connect)(fd, sa, n) == 0 || errno == EINPROGRESS) &&
        a407_ready(fd, POLLOUT) == POLLOUT && fill(fd, s))
        return fd;
    REAL(close)(fd);
    return -1;
}

bool a407_give_back(struct a407_turn *t, struct a407_span bytes)
{
    int from = a407_turn_hold(t) < 0 ? -1 : from_pair(bytes);
    if (from < 0 && t->held >= 0)
        from = from_itself(bytes);
    if (from < 0)
        return false;
    a407_replace(t, from);
    REAL(close)(from);
    return true;
}
