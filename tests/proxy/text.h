/* SPDX-License-Identifier: MIT */
#ifndef FX_TEXT_H
#define FX_TEXT_H

#include <stddef.h>

/*
 * A growing run of bytes, always followed by a NUL. The fixtures have no plan
 * for a machine without memory: they say so and end.
 */
struct text {
    char *p; /* NULL only before the first addition */
    size_t n, cap;
};

void text_add(struct text *t, const void *p, size_t n);
void text_str(struct text *t, const char *z);
void text_fmt(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Frees; the text is empty and usable again. */
void text_free(struct text *t);

/* Writes the SHA-256 of n bytes as 64 hex digits and a NUL. */
void text_sha256(const void *p, size_t n, char out[65]);

#endif
