/* SPDX-License-Identifier: MIT */
#include "turn.h"

#include <errno.h>

#include "guard.h"
#include "record.h"
#include "registry.h"
#include "socket.h"

/* c is pinned and locked. */
static void serve(struct a407_turn *t, struct a407_conn *c)
{
    c->attended = false;
    c->driver.link = t;
    t->c = c;
    t->serial = c->serial;
    c->fd = t->fd;
    if (t->caller) /* a record is written without the lock */
        __atomic_store_n(&c->caller, t->caller, __ATOMIC_RELAXED);
}

bool a407_turn_begin(struct a407_turn *t, int fd, uint64_t serial, int option,
                     const void *caller, int *saved)
{
    if (a407_guard.depth)
        return false;
    *saved = a407_enter(); /* first of all: a signal may come now */
    struct a407_conn *c = a407_conn_get(fd);
    *t = (struct a407_turn){.fd = fd,
                            .held = -1,
                            .caller = caller,
                            .option = option,
                            .began = a407_now_ms()};
    if (c && (!serial || c->serial == serial)) {
        a407_conn_lock(c);
        serve(t, c);
        return true;
    }
    if (c)
        a407_conn_put(c);
    a407_leave(*saved);
    return false;
}

int64_t a407_turn_limit(struct a407_turn *t)
{
    if (!t->own_until) {
        bool stands_in = t->option == SO_SNDTIMEO && t->c->driver.renewal_busy;
        int ms = stands_in   ? t->c->send_ms
                 : t->option ? a407_socket_timeout_ms(t->fd, t->option)
                             : -1;
        t->own_until = ms < 0 ? A407_FOR_EVER : t->began + ms;
    }
    return t->own_until;
}

void a407_turn_end_child(struct a407_turn *t)
{
    if (!t->c->driver.child.pid)
        return;
    t->over = t->c->driver.child;
    t->c->driver.child = (struct a407_child){.fd = -1};
}

bool a407_turn_is_forgotten(const struct a407_turn *t)
{
    const struct a407_conn *c = t->c;
    return c->gone || a407_driver_is_over(&c->driver);
}

static void let_go(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    if (c && !c->gone && a407_turn_is_forgotten(t)) {
        if (c->lowat && a407_turn_hold(t) >= 0)
            a407_socket_restore_lowat(c, t->held);
        c->gone = true;
        a407_under_way_update(c); /* unmutes, while its numbers are known */
        a407_slot_retire(c);
    }
    a407_turn_release(t);
    if (!c)
        return;
    t->c = NULL;
    t->cookie = c->cookie;
    struct a407_news news;
    a407_news_take(c, &news);
    a407_conn_unlock(c);
    if (t->over.pid)
        a407_child_end(&t->over);
    a407_child_sweep();
    a407_news_write(c, &news);
    a407_conn_put(c);
}

void a407_turn_end(struct a407_turn *t, int error)
{
    let_go(t);
    a407_leave(error);
}

int a407_turn_hold(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    a407_must_hold(c->site);
    if (t->held >= 0)
        return t->held;
    t->held = a407_socket_hold(c, t->fd);
    if (t->held >= 0)
        return t->held;
    /* Without an fd to spare nothing can be done safely: it passes through. */
    t->lost = errno == EBADF;
    if (t->lost)
        c->gone = c->gone || a407_slot_stale(t->fd, c);
    if (c->gone)
        a407_engine_closed(c->driver.engine);
    else if (!t->lost)
        a407_engine_forget(c->driver.engine);
    return -1;
}

void a407_turn_release(struct a407_turn *t)
{
    a407_socket_release(t->held, t->fd);
    t->held = -1;
}

void a407_turn_pause(struct a407_turn *t)
{
    t->c->attended = true;
    let_go(t);
    t->waited = true;
    a407_leave(0);
}

void a407_turn_resume(struct a407_turn *t)
{
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_get(t->fd);
    if (c && c->serial == t->serial) {
        a407_conn_lock(c);
        serve(t, c);
        if (a407_turn_hold(t) < 0 && t->lost)
            let_go(t);
    } else {
        if (c)
            a407_conn_put(c);
        t->lost = a407_socket_cookie(t->fd) != t->cookie;
    }
    errno = saved;
}
