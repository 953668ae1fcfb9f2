/* SPDX-License-Identifier: MIT */
#ifndef A407_EPOLL_H
#define A407_EPOLL_H

#include <stdbool.h>
#include <sys/epoll.h>

#include "registry.h"

/*
 * What the program has told epoll about its fds: one registration an fd, by
 * far the common case. A program may put a socket into an epoll set before it
 * connects it, so this is kept for every fd, in plain memory without a lock:
 * as with the call itself, it is for the program not to race with itself.
 */
struct a407_epoll {
    int epfd;      /* + 1; 0: in no set */
    bool disarmed; /* one-shot, and its event was delivered: while out */
    bool others;   /* in more than one set, which is not kept */
    struct epoll_event event;
};

/* After the program's own epoll_ctl has succeeded. */
void a407_epoll_note(int epfd, int op, int fd, const struct epoll_event *ev);

extern struct a407_epoll a407_epoll_sets[];

/* The fd is about to be closed or replaced: the kernel drops its
   registration. Of every fd, so it costs one load. */
static inline void a407_epoll_drop(int fd)
{
    /* a vfork child closes its copies; our memory is its parent's */
    if ((unsigned)fd < A407_FD_MAX &&
        __builtin_expect(a407_epoll_sets[fd].epfd != 0, 0) &&
        a407_own_process())
        a407_epoll_sets[fd] = (struct a407_epoll){0};
}

/*
 * Takes the fd out of its set while its connection is made anew, so that
 * another thread in epoll_wait sees nothing of it; and puts it back, which
 * also makes an edge for what is ready by then. `out` returns true if there is
 * something to put back.
 */
bool a407_epoll_out(int fd);
void a407_epoll_in(int fd);

#endif
