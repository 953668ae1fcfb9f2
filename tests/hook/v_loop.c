/* SPDX-License-Identifier: MIT */
/*
 * An event loop that takes its poll at its word: what it says is ready must be,
 * and no call may sleep but the one that is there to sleep. MODE is
 * LOOP[*COUNT]; loops are poll, select, epoll (level), edge, oneshot, blocking
 * (select, then plain calls on blocking sockets) and idle (poll, and the answer
 * is asked for only when all is written and a second has gone by).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define CONNS_MAX 512
#define PATIENCE  20.0 /* seconds */
#define TICK_MS   1
#define STALL     0.1 /* machines are busy; LOOP_SHOW tells how long it was */

struct conn {
    int fd;
    bool connected, done;
    size_t sent, len;
    char rq[REQUEST_MAX];
    struct answer *answer;
};

static struct conn conns[CONNS_MAX];
static size_t n_conns = 1;
static int blocking;
static double longest;

/* ---- calls that must not sleep ---- */

/*
 * Time that this thread was asleep: not on a processor, nor waiting for one. So
 * a busy machine makes no stalls.
 */
static double asleep(void)
{
    static int stat = -1;
    char text[100] = "";
    struct timespec cpu;
    if (stat < 0)
        stat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (pread(stat, text, sizeof text - 1, 0) <= 0)
        fail("schedstat");
    const char *queued = strchr(text, ' ');
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return seconds() - (double)cpu.tv_sec - (double)cpu.tv_nsec / 1e9 -
           (queued ? strtod(queued, NULL) / 1e9 : 0);
}

static double begun;

static void before(void)
{
    begun = asleep();
}

static void slept_at_most(double limit)
{
    double over = asleep() - begun - limit;
    if (over > longest)
        longest = over;
}

static void after(void)
{
    slept_at_most(0);
}

/* ---- one connection ---- */

static void start(const struct victim *v, struct conn *c)
{
    c->fd = victim_socket(v, blocking ? 0 : SOCK_NONBLOCK);
    c->len = make_get(v, "/bytes/20000", c->rq);
    c->answer = calloc(1, sizeof *c->answer);
    answer_start(c->answer, "GET");
    if (connect(c->fd, (const void *)&v->addr, v->addr_len) < 0 &&
        errno != EINPROGRESS)
        fail("connect");
}

/* There is room, the loop says. */
static void push(struct conn *c)
{
    int e = 0;
    socklen_t n = sizeof e;
    if (!c->connected &&
        (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &n) < 0 || e))
        fail("connection");
    c->connected = true;
    before();
    ssize_t k = send(c->fd, c->rq + c->sent, c->len - c->sent, MSG_NOSIGNAL);
    after();
    if (k < 0)
        fail("send after readiness");
    c->sent += (size_t)k;
}

/* There is something to read, the loop says. False: nothing is left there. */
static bool pull(struct conn *c, bool first)
{
    static char part[4096];
    before();
    ssize_t k = recv(c->fd, part, sizeof part, 0);
    after();
    if (k < 0 && errno == EAGAIN && !first)
        return false;
    if (k < 0)
        fail("recv after readiness");
    if (k == 0)
        answer_end(c->answer);
    else
        answer_feed(c->answer, part, (size_t)k);
    if (c->answer->done) {
        c->done = true;
        close(c->fd);
    }
    return !c->done;
}

static void turn(struct conn *c, bool in, bool out, bool edge)
{
    if (out && c->sent < c->len)
        push(c);
    if (!in || c->done)
        return;
    bool more = pull(c, true);
    while (edge && more)
        more = pull(c, false);
}

static bool all_done(void)
{
    static double since;
    if (!since)
        since = seconds();
    if (seconds() - since > PATIENCE) {
        say("nothing happens any more");
        exit(1);
    }
    for (size_t i = 0; i < n_conns; i++)
        if (!conns[i].done)
            return false;
    return true;
}

/* ---- loops: each with a tick, which must come in time ---- */

static void tick(void)
{
    slept_at_most(TICK_MS / 1000.0);
}

static void loop_poll(bool idle)
{
    static struct pollfd set[CONNS_MAX];
    double since = seconds();
    while (!all_done()) {
        for (size_t i = 0; i < n_conns; i++) {
            struct conn *c = &conns[i];
            bool writing = c->sent < c->len;
            bool late = idle && seconds() - since < 1;
            set[i].fd = c->done || (late && !writing) ? -1 : c->fd;
            set[i].events = writing ? POLLOUT : POLLIN;
        }
        before();
        int n = poll(set, n_conns, TICK_MS);
        tick();
        if (n < 0)
            fail("poll");
        for (size_t i = 0; i < n_conns && n; i++)
            if (set[i].fd >= 0)
                turn(&conns[i], set[i].revents & ~POLLOUT,
                     set[i].revents & POLLOUT, false);
    }
}

static void loop_select(void)
{
    while (!all_done()) {
        struct timeval limit = {0, TICK_MS * 1000};
        fd_set in, out;
        int top = 0;
        FD_ZERO(&in);
        FD_ZERO(&out);
        for (size_t i = 0; i < n_conns; i++) {
            struct conn *c = &conns[i];
            if (c->done)
                continue;
            FD_SET(c->fd, c->sent < c->len ? &out : &in);
            top = c->fd > top ? c->fd : top;
        }
        before();
        int n = select(top + 1, &in, &out, NULL, &limit);
        tick();
        if (n < 0)
            fail("select");
        for (size_t i = 0; i < n_conns && n; i++)
            if (!conns[i].done)
                turn(&conns[i], FD_ISSET(conns[i].fd, &in),
                     FD_ISSET(conns[i].fd, &out), false);
    }
}

static void arm(int ep, int op, struct conn *c, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = c};
    if (epoll_ctl(ep, op, c->fd, &ev) < 0)
        fail("epoll_ctl");
}

/* flags: 0, EPOLLET or EPOLLONESHOT */
static void loop_epoll(uint32_t flags)
{
    const uint32_t edge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < n_conns; i++)
        arm(ep, EPOLL_CTL_ADD, &conns[i],
            flags == EPOLLET ? edge : EPOLLOUT | flags);
    while (!all_done()) {
        struct epoll_event ev[16];
        before();
        int n = epoll_wait(ep, ev, 16, TICK_MS);
        tick();
        if (n < 0)
            fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;
            turn(c, ev[i].events & ~(unsigned)EPOLLOUT, ev[i].events & EPOLLOUT,
                 flags == EPOLLET);
            if (!c->done && ev[i].events & EPOLLRDHUP)
                say("the end of a connection that goes on");
            if (!c->done && flags != EPOLLET)
                arm(ep, EPOLL_CTL_MOD, c,
                    (c->sent < c->len ? EPOLLOUT : EPOLLIN) | flags);
        }
    }
    close(ep);
}

int main(int argc, char **argv)
{
    struct victim v;
    char loop[32];
    victim_args(&v, argc, argv);
    snprintf(loop, sizeof loop, "%s", v.mode);
    char *count = strchr(loop, '*');
    if (count) {
        *count = 0;
        n_conns = strtoul(count + 1, NULL, 10);
    }
    if (n_conns < 1 || n_conns > CONNS_MAX)
        return 2;
    blocking = strcmp(loop, "blocking") == 0;
    for (size_t i = 0; i < n_conns; i++)
        start(&v, &conns[i]);
    longest = 0; /* connect() of a blocking socket sleeps */
    if (strcmp(loop, "poll") == 0 || strcmp(loop, "idle") == 0)
        loop_poll(loop[0] == 'i');
    else if (strcmp(loop, "select") == 0 || blocking)
        loop_select();
    else if (strcmp(loop, "epoll") == 0)
        loop_epoll(0);
    else if (strcmp(loop, "edge") == 0)
        loop_epoll(EPOLLET);
    else if (strcmp(loop, "oneshot") == 0)
        loop_epoll(EPOLLONESHOT);
    else
        return 2;
    if (longest > STALL)
        say("asleep for %.0f ms", longest * 1000);
    if (getenv("LOOP_SHOW"))
        say("longest sleep: %.1f ms", longest * 1000);
    say("all done");
    return 0;
}
