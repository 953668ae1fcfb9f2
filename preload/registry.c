/* SPDX-License-Identifier: MIT */
#include "registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "gate.h"
#include "guard.h"
#include "host/settings.h"
#include "other_libc.h"
#include "real.h"
#include "record.h"
#include "settings.h"
#include "socket.h"

_Atomic(struct a407_conn *) a407_slots[A407_FD_MAX];
struct a407_conn a407_watch;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Held by a thread that forks, from before it looks for a moment in which no
   connection is served: nobody else begins meanwhile. */
static pthread_mutex_t turnstile = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(pid_t) owner; /* 0: the table was never used */
static struct a407_site *sites;
static atomic_int highest = -1; /* the highest slot ever used */

void a407_registry_lock(void)
{
    pthread_mutex_lock(&lock);
}

void a407_registry_unlock(void)
{
    pthread_mutex_unlock(&lock);
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

bool a407_conn_is_ours(int fd)
{
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_get(fd);
    bool yes = c && c->maker == getpid();
    if (c)
        a407_conn_put(c);
    a407_leave(saved);
    return yes;
}

static void free_conn(struct a407_conn *c)
{
    pthread_mutex_lock(&c->site->lock);
    a407_engine_free(c->engine);
    pthread_mutex_unlock(&c->site->lock);
    if (!c->site->proxy.configured) /* made for this connection alone */
        free(c->site);
    pthread_mutex_destroy(&c->lock);
    a407_registry_lock();
    a407_account_close(c);
    a407_registry_unlock();
    a407_drop_errand(c);
    a407_child_end(&c->child, 0);
    a407_socket_drop_made(c);
    a407_wipe(c->scratch, c->scratch_n);
    free(c->scratch);
    free(c);
}

void a407_conn_put(struct a407_conn *c)
{
    pthread_mutex_lock(&lock);
    bool last = --c->refs == 0;
    pthread_mutex_unlock(&lock);
    if (last)
        free_conn(c);
}

static void peer_text(const struct sockaddr *sa, char *out, size_t cap)
{
    struct a407_endpoint e;
    a407_endpoint_of(sa, &e);
    snprintf(out, cap, strchr(e.host, ':') ? "[%s]:%u" : "%s:%u", e.host,
             e.port);
}

/* A site that no connection could be made for. Always NULL. */
static struct a407_conn *drop_site(struct a407_site *site)
{
    if (!site->proxy.configured)
        free(site);
    return NULL;
}

struct a407_conn *a407_conn_new(struct a407_site *site,
                                const struct sockaddr *peer, socklen_t n)
{
    char text[64];
    struct a407_conn *c = calloc(1, sizeof *c);
    if (!c)
        return drop_site(site);
    peer_text(peer, text, sizeof text);
    pthread_mutex_lock(&site->lock);
    c->engine = a407_engine_new(&site->proxy, &site->history, text);
    pthread_mutex_unlock(&site->lock);
    if (!c->engine) {
        free(c);
        return drop_site(site);
    }
    static _Atomic uint64_t last;
    pthread_mutex_init(&c->lock, NULL);
    c->serial = ++last;
    c->child.fd = c->made = -1;
    for (enum a407_way way = 0; way < A407_WAYS; way++)
        c->credit[way].fd = c->credit[way].at = -1;
    c->maker = getpid();
    c->site = site;
    memcpy(&c->peer, peer, n);
    c->peer_n = n;
    c->refs = 1;
    return c;
}

/* Takes a connection out of that slot. The lock is held. True: it has no
   other. */
static bool leave_slot(int fd, struct a407_conn *c)
{
    a407_credit_drop(c, fd);
    atomic_store_explicit(&a407_slots[fd], NULL, memory_order_release);
    return --c->fds == 0;
}

/* Ends its record. The lock is held, and given up. */
static void end_conn(struct a407_conn *c)
{
    a407_see_rest(c);
    a407_engine_tell(c, a407_engine_closed);
    a407_conn_unlock(c);
    a407_record_flush(c);
}

void a407_slot_set(int fd, struct a407_conn *c)
{
    if ((unsigned)fd >= A407_FD_MAX)
        return;
    pthread_mutex_lock(&lock);
    struct a407_conn *old = a407_slot(fd);
    if (old == A407_WATCH)
        old = NULL;
    bool last = old && leave_slot(fd, old);
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
    if (!old)
        return;
    if (last) {
        a407_conn_lock(old);
        end_conn(old);
    }
    a407_conn_put(old);
}

int a407_slot_top(void)
{
    return highest;
}

void a407_slot_drop(int fd)
{
    struct a407_conn *c = a407_slot(fd);
    if (c == A407_WATCH && a407_own_process())
        /* no lock: closing an unrelated socket must cost nothing */
        atomic_compare_exchange_strong(&a407_slots[fd], &c, NULL);
    else if (c && c != A407_WATCH && a407_own_process()) {
        int saved = a407_enter();
        a407_slot_set(fd, NULL);
        a407_leave(saved);
    }
}

bool a407_slot_track(int fd, uint64_t cookie, struct a407_site *site,
                     const struct sockaddr *peer, socklen_t n)
{
    struct a407_conn *c = cookie ? a407_conn_new(site, peer, n) : NULL;
    if (!cookie)
        drop_site(site);
    if (!c)
        return false;
    c->cookie = cookie;
    c->counted = a407_socket_is_counted(fd);
    a407_engine_local_port(c->engine, a407_socket_port(fd));
    a407_slot_set(fd, c);
    a407_conn_put(c);
    return true;
}

void a407_slot_copy(int from, int to)
{
    if ((unsigned)to >= A407_FD_MAX || !a407_own_process())
        return;
    struct a407_conn *c = a407_slot(from);
    if (c == A407_WATCH) {
        a407_slot_set(to, A407_WATCH);
        return;
    }
    c = a407_conn_get(from);
    a407_slot_set(to, c);
    if (c)
        a407_conn_put(c);
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

void a407_conn_retire(struct a407_conn *c)
{
    unsigned dropped = 0;
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

/*
 * The program ends without having closed its connections: records that are
 * under way are written. A connection that a thread is still busy with keeps
 * its lock; it is left alone.
 */
static __attribute__((destructor)) void at_exit(void)
{
    if (highest < 0)
        return;
    int saved = a407_enter();
    for (int fd = 0; fd <= highest && a407_own_process(); fd++) {
        struct a407_conn *c = a407_conn_get(fd);
        if (!c)
            continue;
        if (a407_conn_trylock(c))
            end_conn(c);
        a407_conn_put(c);
    }
    a407_leave(saved);
}

/* Times that fork() looks for that moment, and how long after each. Who is
   being served needs some microseconds more of a processor, and there may be
   many threads for one. */
#define FORK_TRIES 2000
#define FORK_US    100

/* One table entry for each connection: its others have the same lock. */
static struct a407_conn *first_at(int fd)
{
    struct a407_conn *c = a407_slot(fd);
    for (int before = 0; c && c != A407_WATCH && before < fd; before++)
        if (c->fds > 1 && a407_slot(before) == c)
            return NULL;
    return c == A407_WATCH ? NULL : c;
}

static void unlock_conns(int below)
{
    for (int fd = 0; fd < below; fd++) {
        struct a407_conn *c = first_at(fd);
        if (c)
            pthread_mutex_unlock(&c->lock);
    }
}

/* The registry's lock is held, which comes after theirs: so none is waited
   for. */
static bool lock_conns(void)
{
    for (int fd = 0; fd <= highest; fd++) {
        struct a407_conn *c = first_at(fd);
        if (c && pthread_mutex_trylock(&c->lock) != 0) {
            unlock_conns(fd);
            return false;
        }
    }
    return true;
}

static bool conns_locked; /* by the thread that forks */
static bool fork_inside;  /* ... which has entered for that */

/*
 * All locks are held around fork(): the child finds no connection in the middle
 * of something, and has no copy of a private fd. No lock is held over a wait,
 * so this takes no longer than what is going on at the moment. The thread that
 * forks has none itself: it is not inside.
 */
static void before_fork(void)
{
    const struct timespec pause = {.tv_nsec = FORK_US * 1000};
    bool inside = highest >= 0; /* else there is nothing that could hang */
    if (inside)
        a407_enter();
    pthread_mutex_lock(&turnstile);
    pthread_mutex_lock(&lock);
    for (int i = 0; !(conns_locked = lock_conns()) && i < FORK_TRIES; i++) {
        pthread_mutex_unlock(&lock);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        pthread_mutex_lock(&lock);
    }
    fork_inside = inside;
    pthread_mutex_lock(&a407_addresses.lock);
    for (struct a407_site *s = sites; s; s = s->next)
        pthread_mutex_lock(&s->lock);
}

static void after_fork_parent(void)
{
    for (struct a407_site *s = sites; s; s = s->next)
        pthread_mutex_unlock(&s->lock);
    pthread_mutex_unlock(&a407_addresses.lock);
    bool inside = fork_inside;
    if (conns_locked)
        unlock_conns(highest + 1);
    pthread_mutex_unlock(&lock);
    pthread_mutex_unlock(&turnstile);
    if (inside)
        a407_leave(errno);
}

/* Let go first, for those who keep a record of locks: ours has them. */
static void anew(pthread_mutex_t *m, bool ours)
{
    if (ours)
        pthread_mutex_unlock(m);
    pthread_mutex_init(m, NULL);
}

/*
 * In the child only this thread is left. What another thread was waiting for
 * with a connection (a helper, a new connection) is the parent's: it passes
 * through. So does all if the locks could not be had.
 */
static void conn_in_child(struct a407_conn *c)
{
    bool busy =
        !conns_locked || c->asking || (c->account.muted & A407_OUT_BITS);
    a407_drop_errand(c);
    a407_child_end(&c->child, 0); /* only the fd is closed */
    a407_socket_drop_made(c);
    if (!c->site->proxy.configured) /* of this connection alone */
        anew(&c->site->lock, false);
    if (busy) {
        c->gone = true;
        a407_account_close(c);
    } else if (!c->gone) {
        a407_engine_forked(c->engine);
    }
    anew(&c->lock, conns_locked);
}

static void after_fork_child(void)
{
    if (owner)
        owner = getpid();
    anew(&a407_addresses.lock, true);
    for (struct a407_site *s = sites; s; s = s->next)
        anew(&s->lock, true);
    for (int fd = 0; fd <= highest; fd++) {
        struct a407_conn *c = first_at(fd);
        if (c)
            conn_in_child(c);
    }
    for (int fd = 0; fd <= highest; fd++) {
        struct a407_conn *c = a407_slot(fd);
        if (c && c != A407_WATCH && c->gone)
            leave_slot(fd, c);
    }
    anew(&lock, true);
    anew(&turnstile, true);
    if (fork_inside)
        a407_leave(errno);
}

void a407_registry_init(void)
{
    a407_at_fork(before_fork, after_fork_parent, after_fork_child);
}

static struct a407_site *new_site(const struct a407_endpoint *e,
                                  bool configured)
{
    struct a407_site *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    a407_proxy_init(&s->proxy, a407_settings(), &a407_machine, e, configured);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

struct a407_site *a407_site_get(const struct a407_endpoint *e)
{
    struct a407_site *s;
    pthread_mutex_lock(&lock);
    for (s = sites; s; s = s->next)
        if (s->proxy.endpoint.port == e->port &&
            strcmp(s->proxy.endpoint.host, e->host) == 0)
            break;
    if (!s && (s = new_site(e, true))) {
        s->next = sites;
        sites = s;
    }
    pthread_mutex_unlock(&lock);
    return s;
}

struct a407_site *a407_site_watched(const struct a407_endpoint *e)
{
    return new_site(e, false);
}
