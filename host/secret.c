/* SPDX-License-Identifier: MIT */
#include "secret.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "core/base/buf.h"

void *a407_secret_pages(int fd, size_t n)
{
    void *p = mmap(NULL, n, fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ,
                   MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    madvise(p, n, MADV_DONTDUMP);
    return p;
}

/* AddressSanitizer watches what malloc() gives. */
#if !defined(__SANITIZE_ADDRESS__)

/*
 * The heap is the program's, and belongs in its dumps. So blocks are cut from
 * regions of our own: 2^k bytes behind a head, never given back but to the
 * spare ones of that size. No lock: a fork may leave its child any of them
 * taken. A list of spare blocks is taken whole, so that none can return to its
 * place unseen (ABA); who finds it taken cuts a new block.
 */
#define LEAST  5  /* 2^k bytes */
#define MOST   15 /* larger ones have pages of their own */
#define REGION ((size_t)256 * 1024)

/* Of those one is kept for the next, up to this size. */
#define KEPT_MOST ((size_t)1024 * 1024)

struct block {
    _Alignas(16) size_t size; /* behind the head */
    struct block *next;
};

struct region {
    _Alignas(16) atomic_size_t used;
};

static _Atomic(struct block *) spare[MOST + 1];
static _Atomic(struct block *) kept;
static _Atomic(struct region *) current;

static void drop(struct block *b)
{
    if (b)
        munmap(b, b->size + sizeof *b);
}

static struct block *cut(size_t size)
{
    size_t n = sizeof(struct block) + size;
    for (;;) {
        struct region *r = atomic_load(&current);
        size_t at = r ? atomic_fetch_add(&r->used, n) : REGION;
        if (at + n <= REGION) {
            struct block *b = (struct block *)((char *)r + at);
            b->size = size;
            return b;
        }
        struct region *more = a407_secret_pages(-1, REGION);
        if (!more)
            return NULL;
        more->used = sizeof *more;
        if (!atomic_compare_exchange_strong(&current, &r, more))
            munmap(more, REGION);
    }
}

static void put_back(unsigned k, struct block *list)
{
    struct block *there = NULL, *last = list;
    if (atomic_compare_exchange_strong(&spare[k], &there, list))
        return;
    while (last->next)
        last = last->next;
    do
        last->next = there;
    while (!atomic_compare_exchange_weak(&spare[k], &there, list));
}

/* A record reads a long command line each time. */
static struct block *large(size_t n)
{
    struct block *b = atomic_exchange(&kept, NULL);
    if (b && b->size >= n)
        return b;
    drop(b);
    b = n < SIZE_MAX - sizeof *b ? a407_secret_pages(-1, n + sizeof *b) : NULL;
    if (b)
        b->size = n;
    return b;
}

/* The place of blocks for n bytes. */
static unsigned place_of(size_t n)
{
    unsigned k = LEAST;
    while (k <= MOST && (size_t)1 << k < n)
        k++;
    return k;
}

void *a407_secret_alloc(size_t n)
{
    unsigned k = place_of(n);
    struct block *b = k > MOST ? large(n) : atomic_exchange(&spare[k], NULL);
    if (b && k <= MOST && b->next)
        put_back(k, b->next);
    else if (!b && k <= MOST)
        b = cut((size_t)1 << k);
    return b ? b + 1 : NULL;
}

void a407_secret_free(void *p)
{
    struct block *b = p ? (struct block *)p - 1 : NULL;
    if (b && b->size > KEPT_MOST) {
        drop(b);
    } else if (b && b->size > (size_t)1 << MOST) {
        drop(atomic_exchange(&kept, b));
    } else if (b) {
        b->next = NULL;
        put_back(place_of(b->size), b);
    }
}

#endif
