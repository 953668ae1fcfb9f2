/* SPDX-License-Identifier: MIT */
#include "track.h"

#include <time.h>

#include "guard.h"
#include "host/notify.h"
#include "record.h"
#include "socket.h"
#include "transport.h"

/* The program has let go of it. It is locked, and given up. */
static void end(struct a407_conn *c)
{
    struct a407_news news;
    struct a407_turn t = {.c = c, .fd = c->fd, .held = -1};
    c->driver.link = &t;
    a407_driver_let_out(&c->driver);
    a407_driver_see_rest(&c->driver);
    a407_turn_release(&t);
    a407_engine_closed(c->driver.engine);
    a407_news_take(c, &news);
    a407_conn_unlock(c);
    a407_news_write(c, &news);
}

void a407_track_as(int fd, struct a407_conn *c)
{
    bool last;
    struct a407_conn *old = a407_slot_set(fd, c, &last);
    if (!old)
        return;
    if (last) {
        a407_conn_lock(old);
        end(old);
    }
    a407_conn_put(old);
}

void a407_track_drop(int fd)
{
    struct a407_conn *c = a407_slot(fd);
    if (c == A407_WATCH && a407_own_process())
        /* no lock: closing an unrelated socket must cost nothing */
        atomic_compare_exchange_strong(&a407_slots[fd], &c, NULL);
    else if (c && c != A407_WATCH && a407_own_process()) {
        int saved = a407_enter();
        a407_track_as(fd, NULL);
        a407_leave(saved);
    }
}

bool a407_track(int fd, uint64_t cookie, struct a407_site *site,
                const struct sockaddr *peer, socklen_t n)
{
    struct a407_conn *c =
        cookie ? a407_conn_new(site, &a407_socket_transport, cookie, peer, n)
               : NULL;
    if (!c) {
        a407_site_drop(site);
        return false;
    }
    c->counted = a407_socket_is_counted(fd);
    a407_engine_local_port(c->driver.engine, a407_socket_port(fd));
    a407_track_as(fd, c);
    a407_conn_put(c);
    return true;
}

void a407_track_copy(int from, int to)
{
    if ((unsigned)to >= A407_FD_MAX || !a407_own_process())
        return;
    struct a407_conn *c = a407_slot(from);
    if (c == A407_WATCH) {
        a407_track_as(to, A407_WATCH);
        return;
    }
    c = a407_conn_get(from);
    a407_track_as(to, c);
    if (c)
        a407_conn_put(c);
}

/* The program ends: records of open connections are written. What stays locked
   is left alone: this thread itself may have met a fault while it held that. */
static __attribute__((destructor)) void at_exit(void)
{
    const struct timespec pause = {.tv_nsec = 100000};
    int top = a407_slot_top(), patience = 1000;
    if (top < 0)
        return;
    int saved = a407_enter();
    for (int fd = 0; fd <= top && a407_own_process(); fd++) {
        struct a407_conn *c = a407_conn_get(fd);
        if (!c)
            continue;
        bool locked;
        while (!(locked = a407_conn_trylock(c)) && patience-- > 0)
            clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        if (locked)
            end(c);
        a407_conn_put(c);
    }
    if (a407_own_process()) {
        a407_sites_suspend();
        a407_notify_end();
    }
    a407_leave(saved);
}
