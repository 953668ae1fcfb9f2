/* SPDX-License-Identifier: MIT */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

#include "sim.h"

static size_t live, countdown;
static bool after, failed;

void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

size_t alloc_live(void)
{
    return live;
}

void alloc_fail_at(size_t n, bool ever_after)
{
    countdown = n;
    after = ever_after;
    failed = false;
}

bool alloc_failed(void)
{
    return failed;
}

/* Only what core asks for may fail, not what the runner needs. */
static bool refuse(void)
{
    if (!sim_in_engine || (!countdown && !(failed && after)))
        return false;
    if (countdown && --countdown)
        return false;
    failed = true;
    return true;
}

static void *count(void *p)
{
    live += p != NULL;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return refuse() ? NULL : count(__real_malloc(n));
}

void *__wrap_calloc(size_t k, size_t n)
{
    return refuse() ? NULL : count(__real_calloc(k, n));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (refuse())
        return NULL;
    void *q = __real_realloc(p, n);
    live += !p && q;
    return q;
}

void __wrap_free(void *p)
{
    live -= p != NULL;
    __real_free(p);
}
