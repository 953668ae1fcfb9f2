/* SPDX-License-Identifier: MIT */
#ifndef POLLS_H
#define POLLS_H

/* What v_polls.c and v_sets.c share. */

#include "tests/fixtures/victim.h"

#define LONG_MS 8000 /* nobody waits so long but where something is lost */
#define LONG_S  (LONG_MS / 1000.0)

static int set = -1; /* of epoll */

static void put(int ep, int op, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event ev = {.events = events, .data.u64 = data};
    if (epoll_ctl(ep, op, fd, &ev) < 0)
        fail("epoll_ctl");
}

static int new_set(void)
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0)
        fail("epoll_create1");
    return ep;
}

static void ask_at(int fd, const char *path)
{
    send_get(fd, path);
}

static int asked(const char *path)
{
    int fd = victim_connect();
    ask_at(fd, path);
    set_nonblocking(fd, true);
    return fd;
}

/* Reads until nothing is there. False: nothing was there at all. */
static bool drain(int fd, struct answer *a)
{
    static char part[4096];
    bool any = false;
    ssize_t k = 1;
    while (!a->done) {
        k = recv(fd, part, sizeof part, 0);
        if (k < 0 && errno == EAGAIN)
            return any;
        take_part(a, part, k);
        any = true;
    }
    return true;
}

/* Waits in ep for the whole answer; says what is not as it should be. */
static void read_by_epoll(int ep, int fd, struct answer *a)
{
    double start = seconds();
    while (!a->done) {
        struct epoll_event ev[4];
        int k = epoll_wait(ep, ev, 4, LONG_MS);
        if (k < 0)
            fail("epoll_wait");
        if (k == 0 || seconds() - start > LONG_S) {
            say("nothing happens any more");
            return;
        }
        if (ev[0].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            say("the end of a connection that goes on");
        if (!drain(fd, a))
            say("ready, but nothing is there");
    }
}

static struct answer answer;

static inline void read_in(int ep, int fd)
{
    answer_start(&answer, "GET");
    read_by_epoll(ep, fd, &answer);
}

#endif
