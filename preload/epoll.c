/* SPDX-License-Identifier: MIT */
#include "epoll.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "real.h"
#include "registry.h"

struct a407_epoll a407_epoll_sets[A407_FD_MAX];

void a407_epoll_note(int epfd, int op, int fd, const struct epoll_event *ev)
{
    if ((unsigned)fd >= A407_FD_MAX)
        return;
    struct a407_epoll *s = &a407_epoll_sets[fd];
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

/* What a program waits for; the kernel adds errors and hang-ups by itself. */
#define WAITED_FOR (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP)

/*
 * What the kernel has for a one-shot registration now: armed or not. Another
 * thread may wait for it, so a guess would not do.
 */
static bool armed(const struct a407_epoll *s, int fd)
{
    char path[64], text[4096], want[32];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", s->epfd - 1);
    snprintf(want, sizeof want, "tfd: %8d events: ", fd);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    if (info < 0)
        return false;
    size_t kept = 0, length = strlen(want);
    bool found = false, yes = false;
    ssize_t k;
    while (!found &&
           (k = REAL(read)(info, text + kept, sizeof text - 1 - kept)) > 0) {
        kept += (size_t)k;
        text[kept] = '\0';
        char *at = strstr(text, want);
        if (at && strchr(at, '\n')) {
            found = true;
            yes = strtoul(at + length, NULL, 16) & WAITED_FOR;
        }
        if (kept > 256) { /* keep what may be the start of our line */
            memmove(text, text + kept - 256, 256);
            kept = 256;
        }
    }
    REAL(close)(info);
    return yes;
}

bool a407_epoll_out(int fd)
{
    struct a407_epoll *s = &a407_epoll_sets[fd];
    if (!s->epfd || s->others)
        return false;
    s->disarmed = (s->event.events & EPOLLONESHOT) && !armed(s, fd);
    return REAL(epoll_ctl)(s->epfd - 1, EPOLL_CTL_DEL, fd, NULL) == 0;
}

void a407_epoll_in(int fd)
{
    struct a407_epoll *s = &a407_epoll_sets[fd];
    struct epoll_event ev = s->event;
    if (s->disarmed)
        ev.events &= EPOLLONESHOT | EPOLLET;
    REAL(epoll_ctl)(s->epfd - 1, EPOLL_CTL_ADD, fd, &ev);
}
