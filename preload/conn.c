/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/http/http.h"
#include "host/file_at.h"
#include "host/memory.h"
#include "host/settings.h"
#include "other_libc.h"
#include "registry.h"
#include "settings.h"
#include "socket.h"

/* ---- the lock ---- */

#ifdef A407_DEBUG
#define HELD_BY(site, thread) ((site)->holder = (thread))
#else
#define HELD_BY(site, thread) ((void)(site))
#endif

static void lock(struct a407_site *site)
{
    pthread_mutex_lock(&site->lock);
    HELD_BY(site, pthread_self());
}

static bool trylock(struct a407_site *site)
{
    bool locked = a407_mutex_trylock(&site->lock);
    if (locked)
        HELD_BY(site, pthread_self());
    return locked;
}

static void unlock(struct a407_site *site)
{
    HELD_BY(site, (pthread_t)0);
    pthread_mutex_unlock(&site->lock);
}

static void call_credit_in(struct a407_conn *c)
{
    struct a407_credit was[A407_WAYS];
    if (!c->lent)
        return;
    c->lent = false;
    a407_registry_lock();
    for (enum a407_way way = 0; way < A407_WAYS; way++) {
        struct a407_credit *k = &c->credit[way];
        a407_credit_call_in(k, way);
        was[way] = *k;
        k->used = k->pending = 0;
    }
    a407_registry_unlock();
    c->reading += was[A407_READS].pending;
    c->writing += was[A407_WRITES].pending;
    c->received += was[A407_READS].used;
    c->sent += was[A407_WRITES].used;
    c->driver.unwatched += was[A407_WRITES].used;
    a407_engine_spent(c->driver.engine, was[A407_WRITES].used,
                      was[A407_READS].used);
}

/* Where an answer is looked for while a body is written: to the next look. */
static uint64_t to_next_look(const struct a407_conn *c,
                             const struct a407_plan *plan)
{
    uint64_t n = plan->write_credit;
    size_t left = c->driver.unwatched < A407_LOOK_EVERY
                      ? A407_LOOK_EVERY - c->driver.unwatched
                      : 0;
    return n <= left || !plan->watch ? n : left;
}

static uint64_t word_of(const struct a407_conn *c, uint64_t n, bool beyond)
{
    uint64_t left = n < A407_CREDIT_LEFT ? n : A407_CREDIT_LEFT;
    bool fits = c->serial < UINT64_C(1) << (64 - A407_CREDIT_SERIAL);
    if (!fits || (!left && !beyond))
        return 0;
    return c->serial << A407_CREDIT_SERIAL | (beyond ? A407_CREDIT_BEYOND : 0) |
           left;
}

/* The registry's lock is held. */
static void lend_at(struct a407_conn *c, enum a407_way way, uint64_t word)
{
    struct a407_credit *k = &c->credit[way];
    if (!word || k->at < 0 || a407_slot(k->at) != c)
        return;
    k->fd = k->at;
    k->given = (uint32_t)(word & A407_CREDIT_LEFT);
    atomic_store(&a407_credit_words[k->fd][way], word);
    c->lent = true;
}

/* Not while a call is pending, which may be about the same bytes; one that
   never tells (a handler jumped out of it) ends the credit for good. */
static void lend(struct a407_conn *c)
{
    if (c->gone || c->driver.given_back || c->driver.error)
        return;
    struct a407_plan plan = a407_engine_plan(c->driver.engine);
    bool beyond = plan.kind == A407_WANT_DELIVER && plan.n == SIZE_MAX;
    uint64_t reads_word = c->reading ? 0 : word_of(c, plan.read_credit, beyond);
    uint64_t writes_word =
        c->writing ? 0 : word_of(c, to_next_look(c, &plan), false);
    if (!reads_word && !writes_word)
        return;
    a407_registry_lock();
    lend_at(c, A407_READS, reads_word);
    lend_at(c, A407_WRITES, writes_word);
    a407_registry_unlock();
}

static void begin(struct a407_conn *c)
{
    a407_driver_begin(&c->driver, a407_clock_us(CLOCK_REALTIME),
                      a407_clock_us(CLOCK_MONOTONIC));
    call_credit_in(c);
}

void a407_conn_lock(struct a407_conn *c)
{
    lock(c->site);
    begin(c);
}

bool a407_conn_trylock(struct a407_conn *c)
{
    if (!trylock(c->site))
        return false;
    begin(c);
    return true;
}

void a407_conn_unlock(struct a407_conn *c)
{
    a407_must_hold(c->site);
    lend(c);
    a407_under_way_update(c);
    if (!c->under_way.need.work) /* nothing is asked for any more */
        a407_driver_drop_errand(&c->driver);
    struct a407_errand *over = a407_shared_over(&c->site->shared);
    if (c->site->shared.told)
        a407_under_way_wake(c->site);
    c->site->shared.told = false;
    unlock(c->site);
    a407_errand_free(over); /* may end a process */
}

struct a407_conn *a407_conn_take(int fd)
{
    struct a407_conn *c = a407_conn_get(fd);
    if (c)
        a407_conn_lock(c);
    return c;
}

void a407_conn_give(struct a407_conn *c)
{
    a407_conn_unlock(c);
    a407_conn_put(c);
}

/* ---- from first to last ---- */

struct a407_conn *a407_conn_new(struct a407_site *site,
                                const struct a407_transport *transport,
                                uint64_t cookie, const struct sockaddr *peer,
                                socklen_t n)
{
    static _Atomic uint64_t last;
    char text[64];
    struct a407_endpoint e;
    struct a407_conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    a407_endpoint_of(peer, &e);
    a407_endpoint_text(&e, text, sizeof text);
    lock(site);
    struct a407_engine *engine =
        a407_engine_new(&site->proxy, &site->history, text);
    unlock(site);
    if (!engine) {
        free(c);
        return NULL;
    }
    a407_driver_init(&c->driver, engine, transport, site->proxy.config,
                     &site->shared);
    c->serial = ++last;
    c->made = -1;
    for (enum a407_way way = 0; way < A407_WAYS; way++)
        c->credit[way].fd = c->credit[way].at = -1;
    c->maker = getpid();
    c->site = site;
    c->cookie = cookie;
    memcpy(&c->peer, peer, n);
    c->peer_n = n;
    c->refs = 1;
    return c;
}

void a407_conn_put(struct a407_conn *c)
{
    if (!a407_conn_unpin(c))
        return;
    lock(c->site);
    a407_driver_drop_errand(&c->driver);
    struct a407_errand *over = a407_shared_over(&c->site->shared);
    a407_engine_free(c->driver.engine);
    c->driver.engine = NULL;
    unlock(c->site);
    a407_registry_lock();
    a407_under_way_end(c);
    a407_registry_unlock();
    a407_site_drop(c->site);
    a407_errand_free(over); /* may end a process: without the lock */
    a407_driver_free(&c->driver);
    a407_socket_drop_made(c);
    free(c);
}

/* ---- sites ---- */

static struct a407_site *sites;

static struct a407_site *new_site(const struct a407_endpoint *e,
                                  bool configured)
{
    struct a407_site *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    a407_proxy_init(&s->proxy, a407_settings(), &a407_machine, e, configured);
    s->user = a407_euid();
    a407_names_find();
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

/* The registry's lock is held. */
static struct a407_site *find_site(const struct a407_endpoint *e)
{
    struct a407_site *s = sites;
    uid_t user = a407_euid();
    while (s && !(s->proxy.configured && s->user == user &&
                  s->proxy.endpoint.port == e->port &&
                  strcmp(s->proxy.endpoint.host, e->host) == 0))
        s = s->next;
    return s;
}

static void add_site(struct a407_site *s)
{
    s->next = sites;
    sites = s;
}

static void free_site(struct a407_site *site)
{
    a407_proxy_clear(&site->proxy);
    pthread_mutex_destroy(&site->lock);
    free(site);
}

struct a407_site *a407_site_get(const struct a407_endpoint *e)
{
    a407_registry_lock();
    struct a407_site *s = find_site(e), *new = NULL;
    a407_registry_unlock();
    if (s || !(new = new_site(e, true)))
        return s;
    a407_memory_recall(&new->proxy); /* reads files: without a lock */
    a407_registry_lock();
    s = find_site(e); /* another thread may have been first */
    if (!s)
        add_site(new);
    a407_registry_unlock();
    if (!s)
        return new;
    a407_site_suspend(new);
    free_site(new);
    return s;
}

struct a407_site *a407_site_watched(const struct a407_endpoint *e)
{
    struct a407_site *s = new_site(e, false);
    a407_registry_lock();
    if (s)
        add_site(s);
    a407_registry_unlock();
    return s;
}

void a407_site_suspend(struct a407_site *site)
{
    struct a407_proxy *p = &site->proxy;
    struct a407_buf line;
    a407_buf_init(&line, A407_HEAD_MAX);
    if (!trylock(site))
        return;
    unsigned cred = p->cred_index;
    bool any = a407_proxy_suspend(p, &line);
    unlock(site);
    struct a407_owner owner = {p->config, &p->endpoint,
                               p->standing[cred].configured, NULL};
    if (any)
        a407_memory_hand_on(&owner, a407_span(line.p, line.n));
    a407_buf_free(&line);
}

/* Those stay. NULL: from the first; there is no other. */
static struct a407_site *next_configured(struct a407_site *s)
{
    a407_registry_lock();
    s = s ? s->next : sites;
    while (s && !s->proxy.configured)
        s = s->next;
    a407_registry_unlock();
    return s;
}

void a407_sites_suspend(void)
{
    for (struct a407_site *s = NULL; (s = next_configured(s));)
        a407_site_suspend(s);
}

void a407_site_drop(struct a407_site *site)
{
    if (site->proxy.configured)
        return;
    a407_registry_lock();
    struct a407_site **at = &sites;
    while (*at != site)
        at = &(*at)->next;
    *at = site->next;
    a407_registry_unlock();
    free_site(site);
}

static void unlock_up_to(const struct a407_site *end)
{
    for (struct a407_site *s = sites; s != end; s = s->next)
        unlock(s);
}

bool a407_sites_trylock(void)
{
    for (struct a407_site *s = sites; s; s = s->next) {
        bool locked = trylock(s);
        if (locked && !s->fds_out)
            continue;
        if (locked)
            unlock(s);
        unlock_up_to(s);
        return false;
    }
    return true;
}

void a407_sites_unlock(void)
{
    unlock_up_to(NULL);
}

void a407_sites_anew(bool locked)
{
    if (locked) /* for those who keep a record of locks */
        a407_sites_unlock();
    for (struct a407_site *s = sites; s; s = s->next) {
        pthread_mutex_init(&s->lock, NULL);
        s->fds_out = 0;
        if (locked)
            a407_errand_free(a407_shared_over(&s->shared));
        else /* nobody knows in which state it is */
            s->proxy.scheme = NULL;
        a407_proxy_forked(&s->proxy);
        s->shared = (struct a407_shared){0}; /* another thread's, perhaps */
    }
}
