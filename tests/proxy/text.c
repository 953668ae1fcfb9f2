/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <err.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *t, const void *p, size_t n)
{
    if (t->n + n + 1 > t->cap) {
        size_t cap = t->cap ? t->cap : 256;
        while (cap < t->n + n + 1)
            cap *= 2;
        t->p = realloc(t->p, cap);
        if (!t->p)
            err(1, "no memory for %zu bytes", cap);
        t->cap = cap;
    }
    if (n)
        memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = 0;
}

void text_str(struct text *t, const char *z)
{
    text_add(t, z, strlen(z));
}

void text_fmt(struct text *t, const char *fmt, ...)
{
    char *z;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&z, fmt, ap);
    va_end(ap);
    if (n < 0)
        err(1, "no memory");
    text_add(t, z, (size_t)n);
    free(z);
}

void text_free(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

void text_sha256(const void *p, size_t n, char out[65])
{
    struct sha256_ctx ctx;
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    sha256_update(&ctx, n, p);
    sha256_digest(&ctx, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}
