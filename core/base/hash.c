/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>

#include "buf.h"

void a407_hash(const struct nettle_hash *f, const char *between,
               const struct a407_span *parts, size_t n, uint8_t *out)
{
    union {
        struct md4_ctx md4;
        struct md5_ctx md5;
        struct sha256_ctx sha256;
        struct sha512_256_ctx sha512_256;
    } ctx;
    f->init(&ctx);
    for (size_t i = 0; i < n; i++) {
        if (i && *between)
            f->update(&ctx, 1, (const uint8_t *)between);
        if (parts[i].n)
            f->update(&ctx, parts[i].n, (const uint8_t *)parts[i].p);
    }
    f->digest(&ctx, f->digest_size, out);
    a407_wipe(&ctx, sizeof ctx);
}

void a407_hex(char *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}
