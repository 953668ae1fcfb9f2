/* SPDX-License-Identifier: MIT */
#ifndef A407_RANDOM_H
#define A407_RANDOM_H
#include <stddef.h>

/*
 * Where random bytes come from: core has none of its own. Fills p with n
 * unpredictable bytes; must not fail (the caller of core checks beforehand).
 * Tests pass a function that repeats.
 */
typedef void a407_random_fn(void *ctx, void *p, size_t n);

#endif
