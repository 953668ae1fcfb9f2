/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <time.h>

#include "calls.h"
#include "guard.h"
#include "other_libc.h"
#include "registry.h"
#include "settings.h"
#include "socket.h"
#include "track.h"

/* How often fork() tries to get all locks, and its pause between: calls that
   have them need some microseconds, but of a processor that many may share. */
#define FORK_TRIES 2000
#define FORK_US    100

static bool sites_locked; /* by the thread that forks */
static bool inside;       /* ... which has entered for that */

/*
 * All locks are held around fork(): the child finds no connection in the middle
 * of something, and has no copy of a private fd. None is held over a wait, nor
 * by the thread that forks, which is not inside.
 */
static void before_fork(void)
{
    const struct timespec pause = {.tv_nsec = FORK_US * 1000};
    bool enters = a407_slot_top() >= 0; /* else nothing could hang */
    for (int fd = 0; a407_any_under_way() && fd <= a407_slot_top(); fd++)
        if (a407_slot(fd))
            a407_let_out(fd);
    if (enters)
        a407_enter();
    a407_registry_shut();
    /* the registry's lock comes after the sites': none of them is waited for */
    for (int i = 0; !(sites_locked = a407_sites_trylock()) && i < FORK_TRIES;
         i++) {
        a407_registry_unlock();
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        a407_registry_lock();
    }
    inside = enters;
    pthread_mutex_lock(&a407_addresses.lock);
}

static void after_fork_parent(void)
{
    bool entered = inside;
    pthread_mutex_unlock(&a407_addresses.lock);
    if (sites_locked)
        a407_sites_unlock();
    a407_registry_open();
    if (entered)
        a407_leave(errno);
}

/* What another thread waited for (a helper, a new connection) is the parent's:
   here it passes through. So does all if the locks could not be had. */
static void conn_in_child(struct a407_conn *c)
{
    struct a407_plan plan = a407_engine_plan(c->driver.engine);
    bool busy = !sites_locked || c->driver.asking ||
                (c->under_way.need.muted & A407_OUT_BITS) ||
                (plan.open && plan.write == A407_WRITE_HOLD);
    if (sites_locked) /* else another thread may be in the middle of that */
        a407_driver_drop_errand(&c->driver);
    a407_child_end(&c->driver.child); /* only the fd is closed */
    a407_socket_drop_made(c);
    if (busy) {
        c->gone = true;
        a407_under_way_end(c);
    } else if (!c->gone) {
        a407_engine_forked(c->driver.engine);
    }
}

/* Is it c's first fd in the table? */
static bool is_first(int fd, const struct a407_conn *c)
{
    int before = 0;
    while (c->fds > 1 && before < fd && a407_slot(before) != c)
        before++;
    return c->fds == 1 || before == fd;
}

static void after_fork_child(void)
{
    pthread_mutex_unlock(&a407_addresses.lock);
    a407_addresses.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    a407_settings_in_child();
    for (int fd = 0; fd <= a407_slot_top(); fd++) {
        struct a407_conn *c = a407_slot(fd);
        if (c && c != A407_WATCH && is_first(fd, c))
            conn_in_child(c);
    }
    a407_slots_in_child();
    a407_sites_anew(sites_locked);
    a407_registry_anew();
    if (inside)
        a407_leave(errno);
}

void a407_fork_start(void)
{
    a407_at_fork(before_fork, after_fork_parent, after_fork_child);
}
