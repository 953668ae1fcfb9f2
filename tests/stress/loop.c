/* SPDX-License-Identifier: MIT */
/* Many non-blocking connections in one epoll loop. */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "calls.h"
#include "exchange.h"

#define STALL_MS 30000

struct slot {
    struct exchange x;
    int fd; /* -1: none */
    bool edge;
    uint32_t events;
};

struct loop {
    struct run *run;
    int epfd;
    struct slot *slot;
    unsigned open;
    uint64_t random;
    int64_t moved; /* when something last did */
};

static void ask_for(struct loop *l, struct slot *s, int op)
{
    uint32_t events =
        s->edge || exchange_writes(&s->x) ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (s->edge)
        events |= EPOLLET | EPOLLRDHUP;
    if (op == EPOLL_CTL_MOD && events == s->events)
        return;
    struct epoll_event ev = {.events = events, .data.ptr = s};
    if (epoll_ctl(l->epfd, op, s->fd, &ev) < 0)
        err(1, "epoll_ctl");
    s->events = events;
}

/* A new exchange on a new connection, if the run is not over. */
static void open_slot(struct loop *l, struct slot *s)
{
    s->fd = -1;
    if (!exchange_start(&s->x, l->run, &l->random))
        return;
    s->fd = exchange_connect(l->run, SOCK_NONBLOCK | SOCK_CLOEXEC, &l->random);
    s->edge = rng_one_in(&l->random, 2);
    l->open++;
    ask_for(l, s, EPOLL_CTL_ADD);
}

static void close_slot(struct loop *l, struct slot *s)
{
    exchange_free(&s->x);
    close(s->fd);
    s->fd = -1;
    l->open--;
}

static enum progress write_all(struct slot *s)
{
    enum progress p = GO_ON;
    while (p == GO_ON && exchange_writes(&s->x))
        p = exchange_write(&s->x, s->fd, false);
    return p;
}

/* Edge-triggered: until there is no more. Level: some, and then the others. */
static enum progress read_some(struct slot *s)
{
    enum progress p = GO_ON;
    for (int i = 0; p == GO_ON && (s->edge || i < 2); i++)
        p = exchange_read(&s->x, s->fd);
    return p;
}

static enum progress serve(struct slot *s, uint32_t events)
{
    enum progress p = GO_ON;
    if (events & EPOLLOUT)
        p = write_all(s);
    if (p > LATER)
        return p;
    if (s->edge || events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))
        p = read_some(s);
    /* The 200 to a CONNECT opens the way for more; no edge will tell. */
    if (p <= LATER && s->edge && exchange_writes(&s->x)) {
        enum progress w = write_all(s);
        p = w > LATER ? w : p;
    }
    return p;
}

static void handle(struct loop *l, struct slot *s, uint32_t events)
{
    enum progress p = serve(s, events);
    if (p != LATER)
        l->moved = now_ms();
    if (p == KEPT) {
        exchange_free(&s->x);
        if (exchange_start(&s->x, l->run, &l->random)) {
            if (s->edge)
                handle(l, s, EPOLLOUT);
            else
                ask_for(l, s, EPOLL_CTL_MOD);
            return;
        }
        p = CLOSED;
    }
    if (p == CLOSED || p == BROKEN) {
        close_slot(l, s);
        open_slot(l, s);
        return;
    }
    ask_for(l, s, EPOLL_CTL_MOD);
}

/* What the kernel thinks of a connection on which nothing happens. */
static void show(const struct slot *s)
{
    int waiting = -1, lowat = -1, buffer = -1;
    socklen_t n = sizeof lowat, m = sizeof buffer, k;
    struct tcp_info info = {0};
    k = sizeof info;
    ioctl(s->fd, FIONREAD, &waiting);
    getsockopt(s->fd, SOL_SOCKET, SO_RCVLOWAT, &lowat, &n);
    getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &buffer, &m);
    getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &k);
    printf("fd %d: events %#x, to read %d, SO_RCVLOWAT %d, SO_RCVBUF %d, "
           "TCP state %d, last data %u ms ago\n",
           s->fd, s->events, waiting, lowat, buffer, info.tcpi_state,
           info.tcpi_last_data_recv);
}

static void give_up(struct loop *l)
{
    for (unsigned i = 0; i < l->run->width; i++) {
        if (l->slot[i].fd < 0)
            continue;
        show(&l->slot[i]);
        exchange_fail(&l->slot[i].x, "nothing happens any more", 0);
        close_slot(l, &l->slot[i]);
    }
}

void run_loop(struct run *run)
{
    struct loop l = {.run = run, .random = run->seed};
    struct epoll_event ev[64];
    int64_t until = now_ms() + run->seconds * 1000;
    l.epfd = epoll_create1(EPOLL_CLOEXEC);
    l.slot = calloc(run->width, sizeof *l.slot);
    if (l.epfd < 0 || !l.slot)
        err(1, "epoll_create");
    l.moved = now_ms();
    for (unsigned i = 0; i < run->width; i++)
        open_slot(&l, &l.slot[i]);
    while (l.open) {
        int n = epoll_wait(l.epfd, ev, 64, 500);
        if (n < 0 && errno != EINTR)
            err(1, "epoll_wait");
        for (int i = 0; i < n; i++)
            handle(&l, ev[i].data.ptr, ev[i].events);
        if (run->children)
            call_child(l.epfd, &l.random);
        if (now_ms() > until)
            atomic_store(&run->over, true);
        if (now_ms() - l.moved > STALL_MS)
            give_up(&l);
    }
    close(l.epfd);
    free(l.slot);
}
