/* SPDX-License-Identifier: MIT */
#include "registry.h"

#include <unistd.h>

#include "guard.h"

_Atomic(struct a407_conn *) a407_slots[A407_FD_MAX];
struct a407_conn a407_watch;
_Atomic uint64_t a407_credit_words[A407_FD_MAX][A407_WAYS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Held by a thread that forks, from before it looks for a moment in which no
   connection is served: nobody else begins meanwhile. */
static pthread_mutex_t turnstile = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(pid_t) owner;    /* 0: the table was never used */
static atomic_int highest = -1; /* the highest slot ever used */

/* A handler that ran on this thread now could ask for it again. */
static void must_be_inside(void)
{
#ifdef A407_DEBUG
    if (highest >= 0 && !a407_guard.depth)
        __builtin_trap();
#endif
}

void a407_registry_lock(void)
{
    must_be_inside();
    pthread_mutex_lock(&lock);
}

void a407_registry_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void a407_registry_shut(void)
{
    pthread_mutex_lock(&turnstile);
    pthread_mutex_lock(&lock);
}

void a407_registry_open(void)
{
    pthread_mutex_unlock(&lock);
    pthread_mutex_unlock(&turnstile);
}

void a407_registry_anew(void)
{
    if (owner)
        owner = getpid();
    a407_registry_open(); /* for those who keep a record of locks */
    lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    turnstile = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

bool a407_own_process(void)
{
    return !owner || getpid() == owner;
}

struct a407_conn *a407_conn_get(int fd)
{
    struct a407_conn *c = a407_slot(fd);
    if (!c || c == A407_WATCH || !a407_own_process())
        return NULL;
    must_be_inside();
    pthread_mutex_lock(&turnstile);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&turnstile);
    c = a407_slot(fd);
    if (c == A407_WATCH)
        c = NULL;
    if (c)
        c->refs++;
    pthread_mutex_unlock(&lock);
    return c;
}

void a407_conn_pin(struct a407_conn *c)
{
    pthread_mutex_lock(&lock);
    c->refs++;
    pthread_mutex_unlock(&lock);
}

bool a407_conn_unpin(struct a407_conn *c)
{
    pthread_mutex_lock(&lock);
    bool last = --c->refs == 0;
    pthread_mutex_unlock(&lock);
    return last;
}

void a407_credit_call_in(struct a407_credit *k, enum a407_way way)
{
    if (k->fd < 0)
        return;
    uint64_t w = atomic_exchange(&a407_credit_words[k->fd][way], 0);
    k->used += k->given - (uint32_t)(w & A407_CREDIT_LEFT);
    k->pending += (w & A407_CREDIT_BUSY) != 0;
    k->fd = -1;
}

static void drop_credit(struct a407_conn *c, int fd)
{
    for (enum a407_way way = 0; way < A407_WAYS; way++)
        if (c->credit[way].fd == fd)
            a407_credit_call_in(&c->credit[way], way);
}

/* Takes a connection out of that slot. The lock is held. True: it has no
   other. */
static bool leave_slot(int fd, struct a407_conn *c)
{
    drop_credit(c, fd);
    atomic_store_explicit(&a407_slots[fd], NULL, memory_order_release);
    return --c->fds == 0;
}

struct a407_conn *a407_slot_set(int fd, struct a407_conn *c, bool *last)
{
    if ((unsigned)fd >= A407_FD_MAX)
        return NULL;
    pthread_mutex_lock(&lock);
    struct a407_conn *old = a407_slot(fd);
    if (old == A407_WATCH)
        old = NULL;
    *last = old && leave_slot(fd, old);
    if (c && c != A407_WATCH) {
        c->refs++;
        c->fds++;
    }
    if (c && fd > highest)
        highest = fd;
    if (c && !owner)
        owner = getpid();
    atomic_store_explicit(&a407_slots[fd], c, memory_order_release);
    pthread_mutex_unlock(&lock);
    return old;
}

int a407_slot_top(void)
{
    return highest;
}

bool a407_slot_stale(int fd, struct a407_conn *c)
{
    pthread_mutex_lock(&lock);
    if (a407_slot(fd) == c) {
        leave_slot(fd, c);
        c->refs--;
    }
    bool last = !c->fds;
    pthread_mutex_unlock(&lock);
    return last;
}

void a407_slot_retire(struct a407_conn *c)
{
    unsigned dropped = 0;
    a407_must_hold(c->site);
    pthread_mutex_lock(&lock);
    for (int fd = 0; c->fds && fd <= highest; fd++) {
        if (a407_slot(fd) != c)
            continue;
        leave_slot(fd, c);
        dropped++;
    }
    c->refs -= dropped; /* the caller's pin remains */
    pthread_mutex_unlock(&lock);
}

void a407_slots_in_child(void)
{
    for (int fd = 0; fd <= highest; fd++) {
        struct a407_conn *c = a407_slot(fd);
        if (c && c != A407_WATCH && c->gone)
            leave_slot(fd, c);
    }
}
