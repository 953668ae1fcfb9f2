/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "epoll.h"
#include "other_libc.h"
#include "real.h"
#include "registry.h"
#include "socket.h"
#include "transport.h"

/*
 * A connected TCP socket is disconnected by connect() with AF_UNSPEC (Linux)
 * and connected again: the fd, its copies, options and epoll registrations
 * stay, its queues and SHUT_WR are lost. Where the kernel refuses, a new socket
 * takes the place of the fd and of the copies that we know.
 *
 * connect() only begins here: any later call looks at renewal_fd.
 */

/* On a blocking socket connect() waits for SO_SNDTIMEO: the shortest is a tick
   of the kernel's clock, and it goes on by itself. 0, or errno: EINPROGRESS. */
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
    {SOL_SOCKET, SO_RCVTIMEO},   {SOL_SOCKET, SO_SNDTIMEO},
    {SOL_SOCKET, SO_LINGER},
};

static void copy_options(int from, int to)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        int level = options[i].level, name = options[i].name;
        struct timeval value, now; /* the largest of them */
        socklen_t n = sizeof value, m = sizeof now;
        if (getsockopt(from, level, name, &value, &n) == 0 &&
            (getsockopt(to, level, name, &now, &m) != 0 || m != n ||
             memcmp(&value, &now, n) != 0))
            setsockopt(to, level, name, &value, n);
    }
}

static int new_socket(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    int protocol = a407_socket_int(t->held, SO_PROTOCOL);
    c->made = a407_socket_out_of_the_way(
        socket(c->peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
               protocol < 0 ? 0 : protocol));
    if (c->made < 0)
        return errno;
    c->made_cookie = a407_socket_cookie(c->made);
    copy_options(t->held, c->made);
    return begin_connect(c, c->made);
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

/* The socket `from` takes the place of the connection's at all numbers that
   have it, with the flags that those have; t->held is given up. */
static void replace(struct a407_turn *t, int from)
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

/* ---- the same socket again ---- */

/* A blocking socket takes a tick, without the lock; others see renewal_busy.
   (Not if it is out of an epoll set: epoll_ctl() must not find it missing.) */
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

/* ---- how far it is ---- */

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
        replace(t, c->made);
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

enum a407_renewal a407_reconnect(void *turn)
{
    struct a407_turn *t = turn;
    struct a407_conn *c = t->c;
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
    return over(t, a407_socket_int(fd, SO_ERROR) == 0);
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

bool a407_give_back(void *turn, struct a407_span saved_407)
{
    struct a407_turn *t = turn;
    int from = a407_turn_hold(t) < 0 ? -1 : from_pair(saved_407);
    if (from < 0 && t->held >= 0)
        from = from_itself(saved_407);
    if (from < 0)
        return false;
    replace(t, from);
    REAL(close)(from);
    return true;
}
