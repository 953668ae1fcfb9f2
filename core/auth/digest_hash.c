/* SPDX-License-Identifier: MIT */
#include "digest_hash.h"

#include "core/base/buf.h"

void a407_hash_init(struct a407_hash *h, enum a407_hash_id id)
{
    h->id = id;
    switch (id) {
    case A407_HASH_MD5:
        md5_init(&h->u.md5);
        return;
    case A407_HASH_SHA256:
        sha256_init(&h->u.sha256);
        return;
    case A407_HASH_SHA512_256:
        sha512_256_init(&h->u.sha512_256);
        return;
    }
}

void a407_hash_add(struct a407_hash *h, const void *p, size_t n)
{
    if (!n)
        return;
    switch (h->id) {
    case A407_HASH_MD5:
        md5_update(&h->u.md5, n, p);
        return;
    case A407_HASH_SHA256:
        sha256_update(&h->u.sha256, n, p);
        return;
    case A407_HASH_SHA512_256:
        sha512_update(&h->u.sha512_256, n, p);
        return;
    }
}

void a407_hash_str(struct a407_hash *h, const char *z)
{
    a407_hash_add(h, z, strlen(z));
}

void a407_hash_span(struct a407_hash *h, struct a407_span s)
{
    a407_hash_add(h, s.p, s.n);
}

void a407_hash_unquoted(struct a407_hash *h, struct a407_span s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\\')
            continue;
        a407_hash_add(h, s.p + from, i - from);
        from = ++i; /* the escaped byte starts the next run */
    }
    if (from < s.n)
        a407_hash_add(h, s.p + from, s.n - from);
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

void a407_hash_hex(struct a407_hash *h, char out[A407_HASH_HEX])
{
    uint8_t sum[SHA512_256_DIGEST_SIZE];
    size_t n = sizeof sum;
    switch (h->id) {
    case A407_HASH_MD5:
        n = MD5_DIGEST_SIZE;
        md5_digest(&h->u.md5, n, sum);
        break;
    case A407_HASH_SHA256:
        sha256_digest(&h->u.sha256, n, sum);
        break;
    case A407_HASH_SHA512_256:
        sha512_256_digest(&h->u.sha512_256, n, sum);
        break;
    }
    a407_hex(out, sum, n);
    a407_wipe(sum, sizeof sum);
    a407_wipe(h, sizeof *h);
}
