/* SPDX-License-Identifier: MIT */
#ifndef A407_EPOLL_H
#define A407_EPOLL_H

#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>

#include "guard.h"
#include "registry.h"

/*
 * What the program has told epoll about its fds: four registrations an fd,
 * which is more than nearly all need. A program may put a socket into an epoll
 * set before it connects it, so this is kept for every fd, in plain memory
 * without a lock: as with the call itself, it is for the program not to race
 * with itself.
 */
#define A407_EPOLL_SETS 4
struct a407_epoll {
    struct a407_registration {
        int epfd;      /* + 1; 0: none */
        bool out;      /* taken out, to be put back: the set may be no more */
        bool disarmed; /* one-shot, and its event was delivered: while out */
        bool muted;    /* the kernel was told less than the program said */
        struct epoll_event event;
    } in[A407_EPOLL_SETS];
    bool others; /* in more than these, where nothing is muted */
    int copy_of; /* atomic; a copy of that fd, + 1: perhaps of a set */
};

/* After the program's own epoll_ctl has succeeded. */
void a407_epoll_note(int epfd, int op, int fd, const struct epoll_event *ev);

extern struct a407_epoll a407_epoll_sets[];

/*
 * `to` is a copy of `from`. If that is an epoll set, what is told by one number
 * counts for the other: mio tells by a copy, and waits by the original. Not a
 * private copy of ours (socket.h), whose number is nobody's in a moment.
 */
static inline void a407_epoll_copied(int from, int to)
{
    if (!a407_guard.depth && from >= 0 && from < A407_FD_MAX && to >= 0 &&
        to < A407_FD_MAX) {
        int of =
            __atomic_load_n(&a407_epoll_sets[from].copy_of, __ATOMIC_RELAXED);
        __atomic_store_n(&a407_epoll_sets[to].copy_of, of ? of : from + 1,
                         __ATOMIC_RELAXED);
    }
}

/* The fd is about to be closed or replaced: the kernel drops its
   registrations. Of every fd, so it costs one load. */
static inline void a407_epoll_drop(int fd)
{
    if ((unsigned)fd >= A407_FD_MAX)
        return;
    struct a407_epoll *s = &a407_epoll_sets[fd];
    int of = __atomic_load_n(&s->copy_of, __ATOMIC_RELAXED);
    /* a vfork child closes its copies; our memory is its parent's */
    if (__builtin_expect(!of && !s->in[0].epfd, 1) || !a407_own_process())
        return;
    __atomic_store_n(&s->copy_of, 0, __ATOMIC_RELAXED);
    if (s->in[0].epfd) {
        memset(s->in, 0, sizeof s->in);
        s->others = false;
    }
}

/*
 * Takes the fd out of its sets while its connection is made anew, so that
 * another thread in epoll_wait sees nothing of it; and puts it back, which
 * also makes an edge for what is ready by then. `out` returns true if there is
 * something to put back.
 */
bool a407_epoll_out(int fd);
void a407_epoll_in(int fd);

/*
 * What is muted on c (under_way.h) makes no set of it ready, as long as it is:
 * the registrations are changed, which makes an edge for what is ready when
 * it is not muted any more. `before`: what was muted until now. c is
 * locked.
 */
void a407_epoll_mute(const struct a407_conn *c, unsigned before);

/* Does the program wait for fd in epfd with that data? */
bool a407_epoll_has(int epfd, int fd, uint64_t data);

/* What the program may be told of fd in epfd: what it waits for, and what the
   kernel adds by itself. */
unsigned a407_epoll_asked(int epfd, int fd);

/* ... and for no other fd with the same? Looks at all that are noted. */
bool a407_epoll_is_unique(int epfd, int fd, uint64_t data);

/* ... and was that, of c at fd, delivered to the program or not? Then it is to
   come again. c is locked. */
void a407_epoll_delivers(const struct a407_conn *c, int epfd, int fd,
                         bool delivered);

/*
 * The program adds or changes what it waits for: noted, before another thread
 * can find an event of it. Returns what the kernel is to be told in its place.
 * Who may sleep in epfd in a call that was plain (hooks_poll.c) is woken once
 * if that is less. c is locked, and at fd.
 */
struct epoll_event a407_epoll_told(const struct a407_conn *c, int epfd, int op,
                                   int fd, const struct epoll_event *ev);

#endif
