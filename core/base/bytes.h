/* SPDX-License-Identifier: MIT */
#ifndef A407_BYTES_H
#define A407_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Fills p with n unpredictable bytes, which core has none of; must not fail
   (its caller checks beforehand). Tests pass a function that repeats. */
typedef void a407_random_fn(void *ctx, void *p, size_t n);

/* FNV-1a of 64 bits, byte by byte: tells things apart without keeping them. */
#define A407_HASH_START 0xcbf29ce484222325u

static inline uint64_t a407_hash_byte(uint64_t h, unsigned c)
{
    return (h ^ c) * 0x100000001b3u;
}

/* Numbers in a message, the low byte first. */

static inline uint32_t a407_get_le16(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)(u[0] | u[1] << 8);
}

static inline uint32_t a407_get_le32(const char *p)
{
    return a407_get_le16(p) | a407_get_le16(p + 2) << 16;
}

/* The low n bytes of v. */
static inline void a407_put_le(void *p, size_t n, uint64_t v)
{
    for (uint8_t *u = p; n--; v >>= 8)
        *u++ = (uint8_t)v;
}

#endif
