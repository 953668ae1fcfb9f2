/* SPDX-License-Identifier: MIT */
#ifndef A407_CREDIT_H
#define A407_CREDIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In the middle of a body there is nothing to see: so many bytes are lent out,
 * as credit of one fd and direction. A call within it goes straight to libc and
 * counts its bytes in one atomic word, without a lock, and so without entering
 * (guard.h): whatever interrupts it, nothing is left behind.
 *
 * The rule: credit is out only while nobody has the connection locked (conn.h).
 * Who locks it calls it in and tells the engine of the bytes first. A call that
 * was on it then has lost it, and tells of its bytes as any other does.
 */

struct a407_conn;

/* Why 65536: beyond it a program is a server, not a client of a proxy. */
#define A407_FD_MAX 65536

enum a407_way { A407_READS, A407_WRITES, A407_WAYS };

struct a407_credit {
    /* the registry's lock */
    int fd;           /* where it is out; -1: nowhere */
    uint32_t given;   /* how much */
    uint32_t used;    /* called in, and the engine not told yet */
    unsigned pending; /* calls that were on it then */
    /* the site's lock */
    int at; /* the fd last used that way, or -1 */
};

/* A word of credit, from its high bits on: the connection's serial; may a call
   go beyond it (and show its bytes)? is a call on it? bytes left. */
#define A407_CREDIT_LEFT   ((UINT64_C(1) << 24) - 1)
#define A407_CREDIT_BUSY   (UINT64_C(1) << 24)
#define A407_CREDIT_BEYOND (UINT64_C(1) << 25)
#define A407_CREDIT_SERIAL 26

extern _Atomic uint64_t a407_credit_words[A407_FD_MAX][A407_WAYS];

/* Before a call for n bytes on a tracked fd: for a407_credit_end; 0: none. */
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
