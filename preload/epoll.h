/* SPDX-License-Identifier: MIT */
#ifndef A407_EPOLL_H
#define A407_EPOLL_H

#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>

#include "guard.h"
#include "registry.h"

/* What the program has told epoll, four registrations an fd: of every fd, for
   it may come before connect(). Without a lock: as with epoll_ctl() itself, it
   is for the program not to race with itself. */
#define A407_EPOLL_SETS 4
struct a407_epoll {
    struct a407_registration {
        int epfd;      /* + 1; 0: none */
        bool out;      /* taken out, to be put back */
        bool disarmed; /* ... a one-shot whose event was delivered */
        bool muted;    /* the kernel was told less than the program said */
        struct epoll_event event;
    } in[A407_EPOLL_SETS];
    bool others; /* in more sets than these: nothing is muted */
    int copy_of; /* atomic: + 1, the fd that this was dup'ed from; 0: none */
};

/* After the program's own epoll_ctl has succeeded. */
void a407_epoll_note(int epfd, int op, int fd, const struct epoll_event *ev);

extern struct a407_epoll a407_epoll_sets[];

/* `to` is a dup of `from`, which may be an epoll set: mio registers by the one
   and waits by the other. Not a private copy of ours (socket.h). */
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

/* The fd is about to be closed or replaced. Any fd: it costs one load. */
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

/* Takes the fd out of its sets while it is connected anew, so that no thread in
   epoll_wait sees a hang-up. True: to be put back, which makes an edge. */
bool a407_epoll_out(int fd);
void a407_epoll_in(int fd);

/* Changes c's registrations to what is muted now (under_way.h); to unmute makes
   an edge for what is ready. `before`: what was muted. c is locked. */
void a407_epoll_mute(const struct a407_conn *c, unsigned before);

/* Does the program wait for fd in epfd with that data? */
bool a407_epoll_has(int epfd, int fd, uint64_t data);

/* The events that the program has asked for, and those that the kernel adds;
   ~0u: not known. */
unsigned a407_epoll_asked(int epfd, int fd);

/* ... and for no other fd with the same data? Looks at all that are noted. */
bool a407_epoll_is_unique(int epfd, int fd, uint64_t data);

/* A one-shot event was delivered to the program; or not: the registration is
   armed again. c is locked. */
void a407_epoll_delivers(const struct a407_conn *c, int epfd, int fd,
                         bool delivered);

/*
 * Before an epoll_ctl on c, which is locked and at fd: noted before another
 * thread can find an event of it. Returns what to tell the kernel instead; if
 * that is less, a thread that sleeps in epfd in a plain call is woken once.
 */
struct epoll_event a407_epoll_told(const struct a407_conn *c, int epfd, int op,
                                   int fd, const struct epoll_event *ev);

#endif
