/* SPDX-License-Identifier: MIT */
#ifndef A407_CREDIT_H
#define A407_CREDIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In the middle of a body there is nothing to see: how far, the engine knows.
 * So much is lent out, as credit of one fd and direction. A call within it goes
 * straight to libc and counts its bytes in one atomic word: without a lock, and
 * so without entering (guard.h); what interrupts it, or never comes back to it,
 * leaves nothing behind.
 *
 * The rule: credit is out only while nobody has the connection locked (conn.h).
 * Who locks it calls it in, and the engine hears of the bytes before anything
 * else. A call that was on credit then has lost it, and tells of its bytes as
 * any other call does. So to all others nothing is different from calls that
 * are told of one by one.
 */

struct a407_conn;

/* Why 65536: beyond it a program is a server, not a client of a proxy. */
#define A407_FD_MAX 65536

enum a407_way { A407_READS, A407_WRITES, A407_WAYS };

/* The connection's own account of it. */
struct a407_credit {
    int fd;           /* the registry's lock: where it is out; -1: nowhere */
    uint32_t given;   /* ... how much */
    uint32_t used;    /* ... called in, and not told yet */
    unsigned pending; /* ... calls that were on it then */
    int at;           /* the connection's: the fd last used that way, or -1 */
};

/*
 * A word of credit: the connection's serial, then whether a call is on it, then
 * whether a call may go beyond it (it shows its bytes afterwards), then how
 * many bytes are left.
 */
#define A407_CREDIT_LEFT   ((UINT64_C(1) << 24) - 1)
#define A407_CREDIT_BUSY   (UINT64_C(1) << 24)
#define A407_CREDIT_BEYOND (UINT64_C(1) << 25)
#define A407_CREDIT_SERIAL 26

extern _Atomic uint64_t a407_credit_words[A407_FD_MAX][A407_WAYS];

/*
 * Before a call for n bytes on a tracked fd. 0: not on credit. Else to be given
 * to a407_credit_end.
 */
static inline uint64_t a407_credit_begin(int fd, enum a407_way way, size_t n)
{
    _Atomic uint64_t *word = &a407_credit_words[fd][way];
    uint64_t w = atomic_load(word);
    bool enough = w & A407_CREDIT_BEYOND || (w & A407_CREDIT_LEFT) >= n;
    if (!w || !enough || w & A407_CREDIT_BUSY ||
        !atomic_compare_exchange_strong(word, &w, w | A407_CREDIT_BUSY))
        return 0;
    return w;
}

/* After it: n bytes were moved. False: tell of them by other means. */
static inline bool a407_credit_end(int fd, enum a407_way way, uint64_t begun,
                                   size_t n)
{
    uint64_t now = begun | A407_CREDIT_BUSY;
    return n <= (begun & A407_CREDIT_LEFT) &&
           atomic_compare_exchange_strong(&a407_credit_words[fd][way], &now,
                                          begun - n);
}

static inline bool a407_credit_is_out(int fd, enum a407_way way)
{
    return atomic_load(&a407_credit_words[fd][way]);
}

static inline uint64_t a407_credit_serial(uint64_t begun)
{
    return begun >> A407_CREDIT_SERIAL;
}

/* Calls it in: k->used and k->pending tell. The registry's lock is held. */
void a407_credit_call_in(struct a407_credit *k, enum a407_way way);

#endif
