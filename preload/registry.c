/* SPDX-License-Identifier: MIT */
#include "registry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ask.h"
#include "gate.h"
#include "guard.h"
#include "other_libc.h"
#include "real.h"
#include "record.h"
#include "settings.h"

_Atomic(struct a407_conn *) a407_slots[A407_FD_MAX];
struct a407_conn a407_watch;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(pid_t) owner; /* 0: the table was never used */
static struct a407_site *sites;
static atomic_int highest = -1; /* the highest slot ever used */

bool a407_own_process(void)
{
    return !owner || getpid() == owner;
}

struct a407_conn *a407_conn_get(int fd)
{
    struct a407_conn *c = a407_slot(fd);
    if (!c || c == A407_WATCH)
        return NULL;
    pthread_mutex_lock(&lock);
    c = a407_slot(fd);
    if (c == A407_WATCH)
        c = NULL;
    if (c)
        c->refs++;
    pthread_mutex_unlock(&lock);
    return c;
}

bool a407_conn_is_ours(int fd)
{
    struct a407_conn *c = a407_conn_get(fd);
    bool yes = c && c->maker == getpid();
    if (c)
        a407_conn_put(c);
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
    a407_end_asks(c);
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
    char ip[INET6_ADDRSTRLEN] = "";
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip);
        snprintf(out, cap, "%s:%u", ip, ntohs(in->sin_port));
        return;
    }
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)sa;
    const struct in6_addr *a = &in->sin6_addr;
    /* Java connects to every IPv4 address as a mapped one. */
    bool mapped = IN6_IS_ADDR_V4MAPPED(a);
    inet_ntop(mapped ? AF_INET : AF_INET6,
              mapped ? (const void *)&a->s6_addr[12] : a, ip, sizeof ip);
    snprintf(out, cap, mapped ? "%s:%u" : "[%s]:%u", ip, ntohs(in->sin6_port));
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
    c->engine = a407_engine_new(&site->proxy, text);
    pthread_mutex_unlock(&site->lock);
    if (!c->engine) {
        free(c);
        return drop_site(site);
    }
    pthread_mutex_init(&c->lock, NULL);
    c->maker = getpid();
    c->site = site;
    memcpy(&c->peer, peer, n);
    c->peer_n = n;
    c->refs = 1;
    return c;
}

/* Takes what is at fd out of the table. True: the caller must end it. */
static bool take_out(int fd, struct a407_conn **out)
{
    struct a407_conn *c =
        atomic_exchange_explicit(&a407_slots[fd], NULL, memory_order_acq_rel);
    if (!c || c == A407_WATCH)
        return false;
    *out = c;
    return --c->fds == 0;
}

static void end_conn(struct a407_conn *c)
{
    pthread_mutex_lock(&c->lock);
    a407_see_rest(c);
    a407_engine_lock_now(c);
    a407_engine_closed(c->engine);
    a407_engine_unlock(c);
    a407_record_flush(c);
    pthread_mutex_unlock(&c->lock);
}

void a407_slot_set(int fd, struct a407_conn *c)
{
    struct a407_conn *old = NULL;
    if ((unsigned)fd >= A407_FD_MAX)
        return;
    pthread_mutex_lock(&lock);
    bool last = take_out(fd, &old);
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
    if (last)
        end_conn(old);
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
    else if (c && c != A407_WATCH && a407_own_process())
        a407_slot_set(fd, NULL);
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
    struct a407_conn *here = a407_slot(fd);
    if (here && here == c) {
        atomic_store_explicit(&a407_slots[fd], NULL, memory_order_release);
        c->fds--;
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
        if (atomic_load_explicit(&a407_slots[fd], memory_order_relaxed) != c)
            continue;
        atomic_store_explicit(&a407_slots[fd], NULL, memory_order_release);
        c->fds--;
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
    int saved = a407_enter();
    for (int fd = 0; fd <= highest && a407_own_process(); fd++) {
        struct a407_conn *c = a407_conn_get(fd);
        if (!c)
            continue;
        if (pthread_mutex_trylock(&c->lock) == 0) {
            a407_see_rest(c);
            a407_engine_lock_now(c);
            a407_engine_closed(c->engine);
            a407_engine_unlock(c);
            a407_record_flush(c);
            pthread_mutex_unlock(&c->lock);
        }
        a407_conn_put(c);
    }
    a407_leave(saved);
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
    a407_match_lock();
    /* Held only while an engine is told something: no long wait. */
    for (struct a407_site *s = sites; s; s = s->next)
        pthread_mutex_lock(&s->lock);
}

static void after_fork_parent(void)
{
    for (struct a407_site *s = sites; s; s = s->next)
        pthread_mutex_unlock(&s->lock);
    a407_match_unlock();
    pthread_mutex_unlock(&lock);
}

/* Let go first, for those who keep a record of locks: ours has them. */
static void anew(pthread_mutex_t *m, bool ours)
{
    if (ours)
        pthread_mutex_unlock(m);
    pthread_mutex_init(m, NULL);
}

/*
 * In the child only this thread is left. A connection that another thread was
 * serving is in an unknown state: it passes through.
 */
static void after_fork_child(void)
{
    if (owner)
        owner = getpid();
    anew(&lock, true);
    a407_match_child();
    for (struct a407_site *s = sites; s; s = s->next)
        anew(&s->lock, true);
    for (int fd = 0; fd <= highest; fd++) {
        struct a407_conn *c = a407_slot(fd);
        if (!c || c == A407_WATCH)
            continue;
        bool busy = pthread_mutex_trylock(&c->lock) != 0;
        a407_end_asks(c); /* they are the parent's: only the fd is closed */
        if (busy && !c->gone)
            c->gone = true;
        else if (!c->gone)
            a407_engine_forked(c->engine);
        if (c->gone)
            atomic_store(&a407_slots[fd], NULL);
        anew(&c->lock, !busy);
    }
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
    a407_proxy_init(&s->proxy, a407_settings(), a407_settings_host(), e,
                    configured);
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
