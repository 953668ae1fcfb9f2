/* SPDX-License-Identifier: MIT */
/*
 * What a program has set on a socket, and how it has copied it, must outlive
 * an exchange. MODE: options, nonblocking, copies, level, edge, oneshot (a copy
 * is in an epoll set), bound (to a local port), mapped (an IPv6 socket that
 * speaks IPv4), mptcp.
 */
#include <netinet/tcp.h>
#include <sys/stat.h>

#include "tests/fixtures/victim.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct answer answer;

static const struct {
    const char *name;
    int level, option, value;
} numbers[] = {{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1},
               {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1},
               {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 77},
               {"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 7},
               {"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 5},
               {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 12345},
               {"SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, 3},
               {"IP_TOS", IPPROTO_IP, IP_TOS, 0x10}};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static const struct timeval receive_limit = {7, 500000}, send_limit = {9, 0};
static const struct linger linger = {1, 3};

static void set_options(int fd)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (setsockopt(fd, numbers[i].level, numbers[i].option,
                       &numbers[i].value, sizeof numbers[i].value) < 0)
            fail(numbers[i].name);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive_limit,
               sizeof receive_limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_limit, sizeof send_limit);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/* The kernel rounds times to its ticks. */
static bool about(int fd, int option, struct timeval want)
{
    struct timeval t = {0};
    socklen_t n = sizeof t;
    getsockopt(fd, SOL_SOCKET, option, &t, &n);
    long ms = t.tv_sec * 1000 + t.tv_usec / 1000;
    return labs(ms - want.tv_sec * 1000 - want.tv_usec / 1000) < 20;
}

static void say_options(int fd)
{
    struct linger l = {0};
    socklen_t n;
    for (size_t i = 0; i < NUMBERS; i++) {
        int value = -1;
        n = sizeof value;
        getsockopt(fd, numbers[i].level, numbers[i].option, &value, &n);
        say("%s %d", numbers[i].name, value);
    }
    n = sizeof l;
    getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &n);
    say("limits %d %d, linger %d %d", about(fd, SO_RCVTIMEO, receive_limit),
        about(fd, SO_SNDTIMEO, send_limit), l.l_onoff, l.l_linger);
    say("flags %#x %#x", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
}

/* One GET, whether fd blocks or not. */
static void get_by_poll(int fd)
{
    send_get(fd, "/bytes/20000");
    answer_start(&answer, "GET");
    read_polled(fd, &answer, 10000);
}

static void options_kept(void)
{
    int fd = victim_socket(SOCK_CLOEXEC);
    set_options(fd);
    victim_join(fd);
    if (in_mode("nonblocking"))
        set_nonblocking(fd, true);
    get_by_poll(fd);
    say_options(fd);
    close(fd);
}

/* Do they all stand for one socket? */
static void say_same(const int *fd, size_t n)
{
    struct stat first, st;
    bool same = fstat(fd[0], &first) == 0 && S_ISSOCK(first.st_mode);
    for (size_t i = 1; i < n; i++)
        same = same && fstat(fd[i], &st) == 0 && st.st_ino == first.st_ino;
    say("one socket: %d", same);
    for (size_t i = 0; i < n; i++)
        say("  close on exec: %d", fcntl(fd[i], F_GETFD));
}

static void copies(void)
{
    char rq[REQUEST_MAX];
    size_t n = make_get("/bytes/3000", rq);
    int fd[3] = {victim_connect(), -1, -1};
    fd[1] = dup(fd[0]);
    fd[2] = fcntl(fd[0], F_DUPFD_CLOEXEC, 60);
    send_all(fd[0], rq, n);
    read_answer(fd[1], &answer, "GET");
    say_same(fd, 3);
    if (answer.keep) {
        send_all(fd[2], rq, n);
        read_answer(fd[0], &answer, "GET");
    }
    for (int i = 0; i < 3; i++)
        close(fd[i]);
}

/* The copy is watched, the original is used. */
static void watched_copy(void)
{
    uint32_t how = in_mode("edge")      ? EPOLLET
                   : in_mode("oneshot") ? EPOLLONESHOT
                                        : 0;
    char part[4096];
    int ep = epoll_create1(EPOLL_CLOEXEC), fd = victim_connect();
    int copy = dup(fd);
    struct epoll_event ev = {.events = EPOLLIN | how, .data.u64 = 407}, got;
    if (epoll_ctl(ep, EPOLL_CTL_ADD, copy, &ev) < 0)
        fail("epoll_ctl");
    set_nonblocking(fd, true);
    send_get(fd, "/bytes/20000");
    answer_start(&answer, "GET");
    while (!answer.done) {
        if (epoll_wait(ep, &got, 1, 10000) != 1 || got.data.u64 != 407) {
            say("nothing happens any more");
            exit(1);
        }
        ssize_t k = 1;
        while (!answer.done && (k > 0)) {
            k = recv(fd, part, sizeof part, 0);
            take_part(&answer, part, k);
        }
        if (how & EPOLLONESHOT)
            epoll_ctl(ep, EPOLL_CTL_MOD, copy, &ev);
    }
    say("out of the set: %d", epoll_ctl(ep, EPOLL_CTL_DEL, copy, NULL));
    close(copy);
    close(fd);
    close(ep);
}

static in_port_t local_port(int fd)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    if (getsockname(fd, (void *)&a, &n) < 0)
        fail("getsockname");
    return a.sin_port;
}

/* A port that the program chose; one that the kernel chose is not its own. */
static void bound(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int one = 1, fd = victim_socket(0), other = victim_socket(0);
    if (bind(other, (const void *)&a, sizeof a) < 0)
        fail("bind");
    in_port_t port = a.sin_port = local_port(other);
    close(other);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const void *)&a, sizeof a) < 0)
        fail("bind");
    victim_join(fd);
    do_get(fd, "/bytes/20000");
    say("the same port: %d", port == local_port(fd));
    close(fd);
}

static void mapped(void)
{
    const struct sockaddr_in *to = (const void *)&victim.addr;
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_port = to->sin_port};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    a.sin6_addr.s6_addr[10] = a.sin6_addr.s6_addr[11] = 0xff;
    memcpy(a.sin6_addr.s6_addr + 12, &to->sin_addr, 4);
    if (fd < 0 || connect(fd, (const void *)&a, sizeof a) < 0)
        fail("connect");
    get_by_poll(fd);
    close(fd);
}

/* Not every kernel has it: plain TCP is as good then. */
static void mptcp(void)
{
    int protocol = 0, fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
    socklen_t n = sizeof protocol;
    if (fd < 0)
        fd = victim_socket(0);
    victim_join(fd);
    do_get(fd, "/bytes/20000");
    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n);
    say("protocol %d", protocol);
    close(fd);
}

VICTIM_MODES({"options", options_kept}, {"nonblocking", options_kept},
             {"copies", copies}, {"level", watched_copy},
             {"edge", watched_copy}, {"oneshot", watched_copy},
             {"bound", bound}, {"mapped", mapped}, {"mptcp", mptcp})
