/* SPDX-License-Identifier: MIT */
#ifndef TEST_EXACT_H
#define TEST_EXACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A copy in a block of exactly n bytes, so that a read past its end is seen by
 * the sanitizers and by valgrind. The caller frees it.
 */
static inline char *exact(const char *p, size_t n)
{
    char *copy = malloc(n); /* glibc: not NULL for 0 either */
    assert_non_null(copy);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

/* Compares a span with a string; NULL stands for an absent value. */
#define assert_span(s, z)                                                      \
    do {                                                                       \
        struct a407_span span_ = (s);                                          \
        const char *z_ = (z);                                                  \
        if (!z_) {                                                             \
            assert_null(span_.p);                                              \
        } else {                                                               \
            assert_non_null(span_.p);                                          \
            assert_int_equal(span_.n, strlen(z_));                             \
            assert_memory_equal(span_.p, z_, span_.n);                         \
        }                                                                      \
    } while (0)

#endif
