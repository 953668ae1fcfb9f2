/* SPDX-License-Identifier: MIT */
#include "credit.h"

#include "gate.h"
#include "registry.h"

_Atomic uint64_t a407_credit_words[A407_FD_MAX][A407_WAYS];

/* The registry's lock is held. */
static void call_in(struct a407_credit *k, enum a407_way way)
{
    if (k->fd < 0)
        return;
    uint64_t w = atomic_exchange(&a407_credit_words[k->fd][way], 0);
    k->used += k->given - (uint32_t)(w & A407_CREDIT_LEFT);
    k->pending += (w & A407_CREDIT_BUSY) != 0;
    k->fd = -1;
}

void a407_credit_drop(struct a407_conn *c, int fd)
{
    for (enum a407_way way = 0; way < A407_WAYS; way++)
        if (c->credit[way].fd == fd)
            call_in(&c->credit[way], way);
}

static void settle(struct a407_conn *c)
{
    struct a407_credit was[A407_WAYS];
    if (!c->lent)
        return;
    c->lent = false;
    a407_registry_lock();
    for (enum a407_way way = 0; way < A407_WAYS; way++) {
        struct a407_credit *k = &c->credit[way];
        call_in(k, way);
        was[way] = *k;
        k->used = k->pending = 0;
    }
    a407_registry_unlock();
    c->reading += was[A407_READS].pending;
    c->writing += was[A407_WRITES].pending;
    c->received += was[A407_READS].used;
    c->sent += was[A407_WRITES].used;
    c->unwatched += was[A407_WRITES].used;
    a407_engine_lock(c);
    a407_engine_spent(c->engine, was[A407_WRITES].used, was[A407_READS].used);
    a407_engine_unlock(c);
}

/* Where an answer is looked for while a body is written: to the next look. */
static uint64_t to_next_look(const struct a407_conn *c,
                             const struct a407_plan *plan)
{
    uint64_t n = plan->write_credit;
    size_t left =
        c->unwatched < A407_LOOK_EVERY ? A407_LOOK_EVERY - c->unwatched : 0;
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

/*
 * A call that is pending may be about bytes that are lent here. One that never
 * tells (a handler has jumped out of it) ends the credit for good.
 */
static void lend(struct a407_conn *c)
{
    if (c->gone || c->given_back || c->error)
        return;
    struct a407_plan plan = a407_plan(c);
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

void a407_conn_lock(struct a407_conn *c)
{
    pthread_mutex_lock(&c->lock);
    settle(c);
}

bool a407_conn_trylock(struct a407_conn *c)
{
    if (pthread_mutex_trylock(&c->lock) != 0)
        return false;
    settle(c);
    return true;
}

void a407_conn_unlock(struct a407_conn *c)
{
    lend(c);
    a407_account_for(c);
    pthread_mutex_unlock(&c->lock);
}
