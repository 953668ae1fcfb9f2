/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/span.h"

/* What libFuzzer and replay.c call with one input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What must hold for every input. */
#define must(what)                                                             \
    do {                                                                       \
        if (!(what)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
            abort();                                                           \
        }                                                                      \
    } while (0)

/* A copy in a block of exactly n bytes; the caller frees it. */
static inline char *exact(const void *p, size_t n)
{
    char *copy = malloc(n ? n : 1);
    must(copy);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

/* An absent value, or one that lies within p..p+n. */
static inline bool within(struct a407_span s, const char *p, size_t n)
{
    uintptr_t from = (uintptr_t)s.p, base = (uintptr_t)p;
    return !s.p ||
           (from >= base && from - base <= n && s.n <= n - (from - base));
}

/* The input, taken apart from its front. */
struct input {
    const uint8_t *p;
    size_t n;
};

static inline unsigned take_byte(struct input *in)
{
    if (!in->n)
        return 0;
    in->n--;
    return *in->p++;
}

static inline size_t take_bytes(struct input *in, size_t want,
                                const uint8_t **out)
{
    size_t n = want < in->n ? want : in->n;
    *out = in->p;
    in->p += n;
    in->n -= n;
    return n;
}

#endif
