/* SPDX-License-Identifier: MIT */
#ifndef A407_BUF_H
#define A407_BUF_H

#include "span.h"

/*
 * Memory for secrets, as malloc() and free() give it; but a program in which
 * host/secret.c is linked has it from there, left out of core dumps.
 */
void *a407_secret_alloc(size_t n);
void a407_secret_free(void *p);

/*
 * A growing byte buffer with a maximum. After a failed append (`failed` is set)
 * later ones do nothing, so a caller may write a whole message and test once.
 * Buffers hold secrets: bytes that leave one, by growth, clear or free, are
 * wiped.
 */
struct a407_buf {
    char *p;
    size_t n;    /* bytes in use */
    size_t top;  /* bytes that may have been written, from the start */
    size_t cap;  /* bytes allocated */
    size_t max;  /* never more than this many bytes */
    bool failed; /* an append did not fit, or memory ran out */
};

/* An empty buffer of at most `max` bytes. Allocates nothing. */
void a407_buf_init(struct a407_buf *b, size_t max);

/* Wipes and frees; the buffer is empty and usable again, `failed` is reset. */
void a407_buf_free(struct a407_buf *b);

/* Wipes the content and keeps the memory; `failed` is reset. */
void a407_buf_clear(struct a407_buf *b);

/* Appends. False: nothing was appended and `failed` is set. Allocates. */
bool a407_buf_add(struct a407_buf *b, const void *p, size_t n);
bool a407_buf_str(struct a407_buf *b, const char *z);
bool a407_buf_span(struct a407_buf *b, struct a407_span s);
bool a407_buf_fmt(struct a407_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for n bytes in all, so that reaching them copies nothing. False,
   without `failed`: no memory, or more than the maximum. Allocates. */
bool a407_buf_expect(struct a407_buf *b, size_t n);

/* ... which the caller writes there itself, and then sets n. */
bool a407_buf_reserve(struct a407_buf *b, size_t n);

/* Keeps the first n bytes and gives the rest of the memory back, wiped;
   `failed` is reset. */
void a407_buf_shrink(struct a407_buf *b, size_t n);

/* Wipes what was appended since it held `n` bytes. `failed` stays. */
void a407_buf_undo(struct a407_buf *b, size_t n);

/* Removes the first n bytes (n <= b->n), moving the rest down. */
void a407_buf_drop(struct a407_buf *b, size_t n);

/* Overwrites memory in a way that the compiler keeps. */
void a407_wipe(void *p, size_t n);

/* A copy with a NUL at its end, or NULL, for a407_free_secret. */
char *a407_strdup_span(struct a407_span s);

/* Wipes a string of a407_secret_alloc and frees it; NULL is fine. */
void a407_free_secret(char *z);

#endif
