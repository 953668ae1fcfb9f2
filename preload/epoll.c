/* SPDX-License-Identifier: MIT */
#include "epoll.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "other_libc.h"
#include "real.h"
#include "registry.h"

struct a407_epoll a407_epoll_sets[A407_FD_MAX];

/* The highest fd that was ever in a set. */
static int highest = -1;

/* By which number a set is noted. */
static int noted_as(int epfd)
{
    int of =
        (unsigned)epfd < A407_FD_MAX
            ? __atomic_load_n(&a407_epoll_sets[epfd].copy_of, __ATOMIC_RELAXED)
            : 0;
    return of ? of - 1 : epfd;
}

static struct a407_registration *find(struct a407_epoll *s, int epfd)
{
    epfd = noted_as(epfd);
    for (int i = 0; i < A407_EPOLL_SETS; i++)
        if (s->in[i].epfd == epfd + 1)
            return &s->in[i];
    return NULL;
}

/* What a program waits for; the kernel adds errors and hang-ups by itself. */
#define WAITED_FOR (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP)

/* What the kernel has for a registration now, in *events. 0: none; -1: it does
   not say. */
static int kernel_has(const struct a407_registration *r, int fd,
                      unsigned *events)
{
    char path[64], text[1024], want[32];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", r->epfd - 1);
    snprintf(want, sizeof want, "tfd: %8d events: ", fd);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    if (info < 0)
        return errno == ENOENT && access("/proc/self", F_OK) == 0 ? 0 : -1;
    size_t kept = 0, length = strlen(want);
    bool found = false;
    ssize_t k;
    while (!found &&
           (k = REAL(read)(info, text + kept, sizeof text - 1 - kept)) > 0) {
        kept += (size_t)k;
        text[kept] = '\0';
        char *at = strstr(text, want);
        if (at && strchr(at, '\n')) {
            found = true;
            *events = (unsigned)strtoul(at + length, NULL, 16);
        }
        if (kept > 256) { /* keep what may be the start of our line */
            memmove(text, text + kept - 256, 256);
            kept = 256;
        }
    }
    REAL(close)(info);
    return found;
}

/* Is a one-shot registration armed? Another thread may wait for it, so a guess
   would not do. */
static bool armed(const struct a407_registration *r, int fd)
{
    unsigned events;
    return kernel_has(r, fd, &events) > 0 && events & WAITED_FOR;
}

/* A set that was closed with fd in it left no word of that. NULL: none. */
static struct a407_registration *left_over(struct a407_epoll *s, int fd)
{
    unsigned events;
    int i = 0, saved = errno;
    while (i < A407_EPOLL_SETS && kernel_has(&s->in[i], fd, &events) != 0)
        i++;
    errno = saved;
    return i < A407_EPOLL_SETS ? &s->in[i] : NULL;
}

void a407_epoll_note(int epfd, int op, int fd, const struct epoll_event *ev)
{
    if ((unsigned)fd >= A407_FD_MAX)
        return;
    struct a407_epoll *s = &a407_epoll_sets[fd];
    struct a407_registration *r = find(s, epfd);
    if (op == EPOLL_CTL_DEL) {
        for (; r && r + 1 < s->in + A407_EPOLL_SETS; r++)
            *r = r[1]; /* the first is the one that is looked at */
        if (r)
            *r = (struct a407_registration){0};
        return;
    }
    if (!r)
        r = find(s, -1);
    if (!r)
        r = left_over(s, fd);
    if (!r) {
        s->others = true;
        return;
    }
    *r = (struct a407_registration){.epfd = noted_as(epfd) + 1, .event = *ev};
    if (fd > highest)
        highest = fd;
}

bool a407_epoll_has(int epfd, int fd, uint64_t data)
{
    struct a407_epoll *s = &a407_epoll_sets[fd];
    const struct a407_registration *r = find(s, epfd);
    return r ? r->event.data.u64 == data
             : s->others && data == (unsigned)fd; /* as most programs do */
}

bool a407_epoll_is_unique(int epfd, int fd, uint64_t data)
{
    for (int i = 0; i <= highest; i++)
        if (i != fd && a407_epoll_sets[i].in[0].epfd &&
            a407_epoll_has(epfd, i, data))
            return false;
    return true;
}

/* What the kernel is to know of it now. */
static struct epoll_event shown(const struct a407_registration *r,
                                unsigned muted)
{
    struct epoll_event ev = r->event;
    ev.events &= ~muted;
    return ev;
}

bool a407_epoll_out(int fd)
{
    struct a407_epoll *s = &a407_epoll_sets[fd];
    bool out = false;
    for (int i = 0; i < A407_EPOLL_SETS && !s->others; i++) {
        struct a407_registration *r = &s->in[i];
        if (!r->epfd)
            continue;
        r->disarmed = (r->event.events & EPOLLONESHOT) && !armed(r, fd);
        r->out = REAL(epoll_ctl)(r->epfd - 1, EPOLL_CTL_DEL, fd, NULL) == 0;
        out = out || r->out;
    }
    return out;
}

void a407_epoll_in(int fd)
{
    struct a407_epoll *s = &a407_epoll_sets[fd];
    struct a407_conn *c = a407_slot(fd);
    unsigned muted = c && c != A407_WATCH ? c->under_way.need.muted : 0;
    for (int i = 0; i < A407_EPOLL_SETS; i++) {
        struct a407_registration *r = &s->in[i];
        struct epoll_event ev = shown(r, muted);
        if (r->disarmed)
            ev.events &= EPOLLONESHOT | EPOLLET;
        if (r->epfd && r->out)
            REAL(epoll_ctl)(r->epfd - 1, EPOLL_CTL_ADD, fd, &ev);
        r->out = false;
    }
}

/* An exclusive registration can't be changed, only made anew. */
static void tell(struct a407_registration *r, int fd, struct epoll_event ev)
{
    int epfd = r->epfd - 1;
    r->muted = ev.events != r->event.events;
    if (!(ev.events & EPOLLEXCLUSIVE))
        REAL(epoll_ctl)(epfd, EPOLL_CTL_MOD, fd, &ev);
    else if (REAL(epoll_ctl)(epfd, EPOLL_CTL_DEL, fd, NULL) == 0)
        REAL(epoll_ctl)(epfd, EPOLL_CTL_ADD, fd, &ev);
}

static void mute(int fd, unsigned muted, unsigned before)
{
    struct a407_epoll *s = &a407_epoll_sets[fd];
    for (int i = 0; i < A407_EPOLL_SETS; i++) {
        struct a407_registration *r = &s->in[i];
        /* one that is disarmed gets this when the program arms it */
        if (r->epfd && (r->event.events & (muted ^ before)) &&
            (!(r->event.events & EPOLLONESHOT) || r->muted || armed(r, fd)))
            tell(r, fd, shown(r, muted));
    }
}

void a407_epoll_mute(const struct a407_conn *c, unsigned before)
{
    int top = a407_slot_top(), fd = c->fd;
    a407_must_hold(c->site);
    if (a407_slot(fd) == c && c->fds == 1) {
        mute(fd, c->under_way.need.muted, before);
        return;
    }
    for (fd = 0; fd <= top; fd++)
        if (a407_slot(fd) == c)
            mute(fd, c->under_way.need.muted, before);
}

struct epoll_event a407_epoll_told(const struct a407_conn *c, int epfd, int op,
                                   int fd, const struct epoll_event *ev)
{
    a407_must_hold(c->site);
    a407_epoll_note(epfd, op, fd, ev);
    struct a407_registration *r = find(&a407_epoll_sets[fd], epfd);
    if (!r || !(c->under_way.need.muted & ev->events))
        return *ev;
    struct epoll_event less = shown(r, c->under_way.need.muted);
    r->muted = true;
    /* An edge that nobody has asked for: whoever sleeps in the set finds it,
       takes it off, and goes on with what is under way. */
    if (!(less.events & EPOLLOUT) && !a407_single_threaded() &&
        a407_epoll_is_unique(epfd, fd, ev->data.u64))
        less.events |= EPOLLOUT | EPOLLET;
    return less;
}

unsigned a407_epoll_asked(int epfd, int fd)
{
    const struct a407_registration *r = find(&a407_epoll_sets[fd], epfd);
    return r ? r->event.events | EPOLLERR | EPOLLHUP : ~0u;
}

void a407_epoll_delivers(const struct a407_conn *c, int epfd, int fd,
                         bool delivered)
{
    struct a407_registration *r = find(&a407_epoll_sets[fd], epfd);
    a407_must_hold(c->site);
    if (r && delivered)
        r->muted = false;
    else if (r)
        tell(r, fd, shown(r, c->under_way.need.muted));
}
