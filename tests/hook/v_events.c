/* SPDX-License-Identifier: MIT */
/*
 * Non-blocking connections in an event loop. MODE is LOOP[-CONNECT][*COUNT]:
 * loops are poll, select, epoll (level), edge (one EPOLL_CTL_ADD for all
 * events, as mio does it), oneshot; -again confirms the connection with a
 * second connect(), otherwise SO_ERROR does. COUNT connections run at once.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "victim.h"

#define CONNS_MAX 128
#define WAIT_MS   20000

enum stage { CONNECTING, WRITING, READING, DONE };

struct conn {
    int fd;
    enum stage stage;
    size_t sent, len;
    char rq[REQUEST_MAX];
    struct answer answer;
    uint32_t armed; /* events registered, for level-triggered epoll */
};

static struct conn conns[CONNS_MAX];
static size_t n_conns = 1;
static bool connect_again;

static void start(const struct victim *v, struct conn *c)
{
    c->fd = victim_socket(v, SOCK_NONBLOCK);
    c->len = make_get(v, "/bytes/20000", c->rq);
    answer_start(&c->answer, "GET");
    char byte;
    if (recv(c->fd, &byte, 1, 0) != -1 || errno != ENOTCONN)
        say("read before connect: %s", errno_name(errno));
    if (connect(c->fd, (const void *)&v->addr, v->addr_len) < 0 &&
        errno != EINPROGRESS)
        fail("connect");
    c->stage = CONNECTING;
}

/* Returns whether the connection stands. */
static bool confirm(const struct victim *v, struct conn *c)
{
    int e = 0;
    socklen_t len = sizeof e;
    if (!connect_again) {
        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
            fail("SO_ERROR");
    } else if (connect(c->fd, (const void *)&v->addr, v->addr_len) < 0 &&
               errno != EISCONN) {
        e = errno;
    }
    if (e == EALREADY || e == EINPROGRESS)
        return false;
    if (e) {
        errno = e;
        fail("connection");
    }
    /* Nothing can be there yet: a wrong errno here breaks event loops. */
    char byte;
    if (recv(c->fd, &byte, 1, 0) != -1 || errno != EAGAIN)
        say("early read: %s", errno_name(errno));
    c->stage = WRITING;
    return true;
}

static void drain(struct conn *c)
{
    static char part[4096];
    for (;;) {
        ssize_t k = recv(c->fd, part, sizeof part, 0);
        if (k < 0 && errno == EAGAIN)
            return;
        if (k < 0)
            fail("recv");
        if (k == 0)
            answer_end(&c->answer);
        else if (answer_feed(&c->answer, part, (size_t)k) != (size_t)k)
            say("bytes after the answer");
        if (c->answer.done)
            break;
    }
    c->stage = DONE;
    close(c->fd);
}

static void push(struct conn *c)
{
    while (c->sent < c->len) {
        ssize_t k =
            send(c->fd, c->rq + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (k < 0 && errno == EAGAIN)
            return;
        if (k < 0)
            fail("send");
        c->sent += (size_t)k;
    }
    c->stage = READING;
}

/* What can be done now that something happened. */
static void turn(const struct victim *v, struct conn *c)
{
    if (c->stage == CONNECTING && !confirm(v, c))
        return;
    if (c->stage == WRITING)
        push(c);
    if (c->stage == READING)
        drain(c);
}

static bool all_done(void)
{
    for (size_t i = 0; i < n_conns; i++)
        if (conns[i].stage != DONE)
            return false;
    return true;
}

static void timed_out(void)
{
    say("nothing happens any more");
    exit(1);
}

static void loop_poll(const struct victim *v)
{
    while (!all_done()) {
        struct pollfd pfd[CONNS_MAX];
        for (size_t i = 0; i < n_conns; i++) {
            struct conn *c = &conns[i];
            pfd[i].fd = c->stage == DONE ? -1 : c->fd;
            pfd[i].events = c->stage == READING ? POLLIN : POLLOUT;
        }
        if (poll(pfd, n_conns, WAIT_MS) <= 0)
            timed_out();
        for (size_t i = 0; i < n_conns; i++)
            if (pfd[i].fd >= 0 && pfd[i].revents)
                turn(v, &conns[i]);
    }
}

static void loop_select(const struct victim *v)
{
    while (!all_done()) {
        struct timeval limit = {WAIT_MS / 1000, 0};
        fd_set in, out;
        FD_ZERO(&in);
        FD_ZERO(&out);
        int top = 0;
        for (size_t i = 0; i < n_conns; i++) {
            struct conn *c = &conns[i];
            if (c->stage == DONE)
                continue;
            FD_SET(c->fd, c->stage == READING ? &in : &out);
            top = c->fd > top ? c->fd : top;
        }
        if (select(top + 1, &in, &out, NULL, &limit) <= 0)
            timed_out();
        for (size_t i = 0; i < n_conns; i++) {
            struct conn *c = &conns[i];
            if (c->stage != DONE &&
                (FD_ISSET(c->fd, &in) || FD_ISSET(c->fd, &out)))
                turn(v, c);
        }
    }
}

static void arm(int ep, int op, struct conn *c, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = c};
    if (epoll_ctl(ep, op, c->fd, &ev) < 0)
        fail("epoll_ctl");
    c->armed = events;
}

/* flags: 0, EPOLLET or EPOLLONESHOT */
static void loop_epoll(const struct victim *v, uint32_t flags)
{
    const uint32_t edge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < n_conns; i++)
        arm(ep, EPOLL_CTL_ADD, &conns[i],
            flags == EPOLLET ? edge : EPOLLOUT | flags);
    while (!all_done()) {
        struct epoll_event ev[16];
        int n = epoll_wait(ep, ev, 16, WAIT_MS);
        if (n <= 0)
            timed_out();
        for (int i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;
            turn(v, c);
            uint32_t want = (c->stage == READING ? EPOLLIN : EPOLLOUT) | flags;
            if (c->stage == DONE || flags == EPOLLET)
                continue; /* a closed one has left the set by itself */
            if (flags || want != c->armed)
                arm(ep, EPOLL_CTL_MOD, c, want);
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
    char *how = strchr(loop, '-');
    if (how) {
        *how = 0;
        connect_again = strcmp(how + 1, "again") == 0;
    }
    if (n_conns < 1 || n_conns > CONNS_MAX)
        return 2;
    for (size_t i = 0; i < n_conns; i++)
        start(&v, &conns[i]);
    if (strcmp(loop, "poll") == 0)
        loop_poll(&v);
    else if (strcmp(loop, "select") == 0)
        loop_select(&v);
    else if (strcmp(loop, "epoll") == 0)
        loop_epoll(&v, 0);
    else if (strcmp(loop, "edge") == 0)
        loop_epoll(&v, EPOLLET);
    else if (strcmp(loop, "oneshot") == 0)
        loop_epoll(&v, EPOLLONESHOT);
    else
        return 2;
    say("all done");
    return 0;
}
