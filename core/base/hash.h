/* SPDX-License-Identifier: MIT */
#ifndef A407_HASH_H
#define A407_HASH_H

#include <nettle/nettle-meta.h>

#include "span.h"

/* Of the functions that are used: SHA-256 has the longest result. */
#define A407_HASH_MAX 32

/* The hash of n parts with `between`, ":" or "", between them, in out, which
   may be among the parts: f->digest_size bytes. */
void a407_hash(const struct nettle_hash *f, const char *between,
               const struct a407_span *parts, size_t n, uint8_t *out);

/* n bytes as lower case hexadecimal digits, and a NUL. */
void a407_hex(char *out, const uint8_t *p, size_t n);

#endif
