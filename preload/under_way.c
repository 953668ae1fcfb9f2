/* SPDX-License-Identifier: MIT */
#include "under_way.h"

#include <time.h>

#include "epoll.h"
#include "guard.h"
#include "registry.h"

_Atomic uint64_t a407_attention;

/* The registry's lock guards the list. */
static struct a407_conn *first;

/* A thread waits for it in a call of its own, and serves it; but siglongjmp()
   may have left that call for good: then others look after so long. */
#define ATTENDED_MS 200

static struct a407_under_way state_of(const struct a407_conn *c)
{
    struct a407_under_way a = {.need.fd = -1, .number = c->fd};
    a407_must_hold(c->site);
    if (c->gone || c->driver.given_back || a407_driver_is_over(&c->driver))
        return a;
    a.need = a407_driver_need(&c->driver);
    if (c->attended) {
        a.need.fd = -1;
        a.need.until = c->driver.now_ms + ATTENDED_MS;
    }
    a.counts = (c->site->proxy.configured ? A407_FOLLOWED : 0) +
               (a.need.pending ? A407_UNDER_WAY : 0);
    return a;
}

/* ---- the list ---- */

static void put_in(struct a407_conn *c)
{
    c->under_way.next = first;
    c->under_way.last = NULL;
    if (first)
        first->under_way.last = c;
    first = c;
}

static void take_out(struct a407_conn *c)
{
    struct a407_under_way *a = &c->under_way;
    if (a->last)
        a->last->under_way.next = a->next;
    else
        first = a->next;
    if (a->next)
        a->next->under_way.last = a->last;
}

static bool listed(const struct a407_under_way *a)
{
    return a->counts >= A407_UNDER_WAY;
}

/* The registry's lock is held. */
static void enter(struct a407_conn *c, struct a407_under_way a)
{
    struct a407_under_way *is = &c->under_way;
    if (listed(is) && !listed(&a))
        take_out(c);
    else if (!listed(is) && listed(&a))
        put_in(c);
    a.next = is->next;
    a.last = is->last;
    if (a.counts != is->counts)
        atomic_fetch_add(&a407_attention, a.counts - is->counts);
    *is = a;
}

void a407_under_way_update(struct a407_conn *c)
{
    struct a407_under_way a = state_of(c);
    unsigned before = c->under_way.need.muted;
    if (!listed(&a) && !listed(&c->under_way) &&
        a.counts == c->under_way.counts)
        return; /* the middle of a body, and all that is long over */
    a407_registry_lock();
    enter(c, a);
    a407_registry_unlock();
    if (a.need.muted != before)
        a407_epoll_mute(c, before);
}

void a407_under_way_wake(const struct a407_site *site)
{
    a407_registry_lock();
    for (struct a407_conn *c = first; c; c = c->under_way.next)
        if (c->site == site && c->under_way.need.work) {
            c->under_way.need.fd = -1;
            c->under_way.need.until = 0;
        }
    a407_registry_unlock();
}

void a407_under_way_begin(struct a407_conn *c)
{
    if (listed(&c->under_way) || !c->under_way.counts)
        return;
    a407_registry_lock();
    struct a407_under_way a = c->under_way;
    a.counts += A407_UNDER_WAY;
    enter(c, a);
    a407_registry_unlock();
}

void a407_under_way_end(struct a407_conn *c)
{
    enter(c, (struct a407_under_way){.need.fd = -1});
}

/* ---- who asks ---- */

/* An fd of c in the table; -1: none. The registry's lock is held. */
static int number_of(const struct a407_conn *c)
{
    if (a407_slot(c->under_way.number) == c)
        return c->under_way.number;
    int fd = c->fds ? a407_slot_top() : -1;
    while (fd >= 0 && a407_slot(fd) != c)
        fd--;
    return fd;
}

size_t a407_work_list(struct a407_work *out, size_t n, bool *more)
{
    static size_t begin; /* where there are more, others each time */
    size_t k = 0;
    int saved = a407_enter(); /* a handler may not find the lock taken */
    a407_registry_lock();
    for (const struct a407_conn *c = first; c; c = c->under_way.next) {
        const struct a407_need *need = &c->under_way.need;
        int number = need->work ? number_of(c) : -1;
        if (number < 0)
            continue;
        if (k >= begin && k - begin < n)
            out[k - begin] = (struct a407_work){
                c->serial, number, need->fd == A407_OWN_FD ? number : need->fd,
                need->events, need->until};
        k++;
    }
    size_t found = k > begin ? k - begin : 0;
    *more = k > n;
    begin = *more && begin + n < k ? begin + n : 0;
    a407_registry_unlock();
    a407_leave(saved);
    return found < n ? found : n;
}

void a407_mute(struct pollfd *set, size_t n)
{
    int saved = a407_enter();
    a407_registry_lock();
    for (size_t i = 0; i < n; i++) {
        struct a407_conn *c = set[i].fd < 0 ? NULL : a407_slot(set[i].fd);
        if (!c || c == A407_WATCH || !c->under_way.need.muted)
            continue;
        set[i].events &= (short)~c->under_way.need.muted;
        if (!set[i].events)
            set[i].fd = -1;
    }
    a407_registry_unlock();
    a407_leave(saved);
}

int a407_under_way_by_data(int epfd, uint64_t data)
{
    int found = -1, saved = a407_enter();
    bool doubt = false;
    a407_registry_lock();
    for (const struct a407_conn *c = first; c && !doubt;
         c = c->under_way.next) {
        int fd = number_of(c);
        unsigned left = c->fds;
        if (left > 1)
            fd = a407_slot_top();
        for (; fd >= 0 && left && !doubt; fd--) {
            if (a407_slot(fd) != c)
                continue;
            left--;
            doubt = found >= 0 && a407_epoll_has(epfd, fd, data);
            if (a407_epoll_has(epfd, fd, data))
                found = fd;
        }
    }
    a407_registry_unlock();
    a407_leave(saved);
    return doubt ? -1 : found;
}
