/* SPDX-License-Identifier: MIT */
#include "epoll.h"

#include "real.h"
#include "registry.h"

static struct a407_epoll sets[A407_FD_MAX];

void a407_epoll_note(int epfd, int op, int fd, const struct epoll_event *ev)
{
    if ((unsigned)fd >= A407_FD_MAX)
        return;
    struct a407_epoll *s = &sets[fd];
    if (op == EPOLL_CTL_DEL) {
        if (s->epfd == epfd + 1)
            *s = (struct a407_epoll){0};
    } else if (op == EPOLL_CTL_ADD && s->epfd && s->epfd != epfd + 1) {
        s->others = true;
    } else {
        s->epfd = epfd + 1;
        s->event = *ev;
    }
}

void a407_epoll_drop(int fd)
{
    if ((unsigned)fd < A407_FD_MAX && sets[fd].epfd)
        sets[fd] = (struct a407_epoll){0};
}

bool a407_epoll_out(int fd)
{
    struct a407_epoll *s = &sets[fd];
    return s->epfd && !s->others &&
           REAL(epoll_ctl)(s->epfd - 1, EPOLL_CTL_DEL, fd, NULL) == 0;
}

void a407_epoll_in(int fd)
{
    struct a407_epoll *s = &sets[fd];
    struct epoll_event ev = s->event;
    /* One-shot: the event that brought the program here has disarmed it, and
       it stays so until the program arms it again. */
    if (ev.events & EPOLLONESHOT)
        ev.events &= EPOLLONESHOT | EPOLLET;
    REAL(epoll_ctl)(s->epfd - 1, EPOLL_CTL_ADD, fd, &ev);
}
