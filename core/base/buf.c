/* SPDX-License-Identifier: MIT */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((weak)) void *a407_secret_alloc(size_t n)
{
    return malloc(n);
}

__attribute__((weak)) void a407_secret_free(void *p)
{
    free(p);
}

void a407_wipe(void *p, size_t n)
{
    if (!p || !n)
        return;
    memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory"); /* or it could be left out */
}

/* Bytes from the start that may have been written. */
static size_t touched(const struct a407_buf *b)
{
    return b->top > b->n ? b->top : b->n;
}

void a407_buf_init(struct a407_buf *b, size_t max)
{
    *b = (struct a407_buf){.max = max};
}

void a407_buf_free(struct a407_buf *b)
{
    a407_wipe(b->p, touched(b));
    a407_secret_free(b->p);
    *b = (struct a407_buf){.max = b->max};
}

void a407_buf_clear(struct a407_buf *b)
{
    a407_wipe(b->p, b->n);
    b->n = 0;
    b->failed = false;
}

/* realloc() may leave an unwiped copy behind, so growth is by hand. */
static bool grow(struct a407_buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : 256;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
        cap = b->max;
    char *p = a407_secret_alloc(cap);
    if (!p)
        return false;
    if (b->n)
        memcpy(p, b->p, b->n);
    a407_wipe(b->p, touched(b));
    a407_secret_free(b->p);
    b->p = p;
    b->top = b->n;
    b->cap = cap;
    return true;
}

bool a407_buf_add(struct a407_buf *b, const void *p, size_t n)
{
    if (b->failed)
        return false;
    if (n > b->max - b->n || (n > b->cap - b->n && !grow(b, b->n + n))) {
        b->failed = true;
        return false;
    }
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->top = touched(b);
    return true;
}

bool a407_buf_expect(struct a407_buf *b, size_t n)
{
    return n <= b->cap || (n <= b->max && grow(b, n));
}

bool a407_buf_reserve(struct a407_buf *b, size_t n)
{
    if (!a407_buf_expect(b, n))
        return false;
    b->top = n > b->top ? n : b->top;
    return true;
}

void a407_buf_shrink(struct a407_buf *b, size_t n)
{
    char *p = a407_secret_alloc(n ? n : 1);
    b->failed = false;
    if (!p) {
        a407_wipe(b->p + n, touched(b) - n);
        b->n = b->top = n;
        return;
    }
    memcpy(p, b->p, n);
    a407_wipe(b->p, touched(b));
    a407_secret_free(b->p);
    b->p = p;
    b->n = b->top = n;
    b->cap = n ? n : 1;
}

bool a407_buf_str(struct a407_buf *b, const char *z)
{
    return a407_buf_add(b, z, strlen(z));
}

bool a407_buf_span(struct a407_buf *b, struct a407_span s)
{
    return a407_buf_add(b, s.p, s.n);
}

bool a407_buf_fmt(struct a407_buf *b, const char *fmt, ...)
{
    char small[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof small) {
        b->failed = true;
        n = 0;
    }
    bool ok = n > 0 ? a407_buf_add(b, small, (size_t)n) : !b->failed;
    a407_wipe(small, (size_t)n);
    return ok;
}

void a407_buf_undo(struct a407_buf *b, size_t n)
{
    if (b->n <= n)
        return;
    a407_wipe(b->p + n, b->n - n);
    b->n = n;
}

void a407_buf_drop(struct a407_buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    memmove(b->p, b->p + n, b->n - n);
    a407_wipe(b->p + b->n - n, n);
    b->n -= n;
}

char *a407_strdup_span(struct a407_span s)
{
    char *z = a407_secret_alloc(s.n + 1);
    if (!z)
        return NULL;
    if (s.n)
        memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return z;
}

void a407_free_secret(char *z)
{
    if (z)
        a407_wipe(z, strlen(z));
    a407_secret_free(z);
}
