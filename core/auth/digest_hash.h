/* SPDX-License-Identifier: MIT */
#ifndef A407_DIGEST_HASH_H
#define A407_DIGEST_HASH_H

#include <nettle/md5.h>
#include <nettle/sha2.h>

#include "core/base/span.h"

/* The hash functions of Digest behind one face (RFC 7616 section 6.1). */

enum a407_hash_id { A407_HASH_MD5, A407_HASH_SHA256, A407_HASH_SHA512_256 };

/* Hexadecimal digits of the longest hash, and a NUL. */
#define A407_HASH_HEX (2 * SHA512_256_DIGEST_SIZE + 1)

struct a407_hash {
    enum a407_hash_id id;
    union {
        struct md5_ctx md5;
        struct sha256_ctx sha256;
        struct sha512_256_ctx sha512_256;
    } u;
};

/* Starts a hash. Allocates nothing, as all of this. */
void a407_hash_init(struct a407_hash *h, enum a407_hash_id id);

/* Takes bytes. */
void a407_hash_add(struct a407_hash *h, const void *p, size_t n);
void a407_hash_str(struct a407_hash *h, const char *z);
void a407_hash_span(struct a407_hash *h, struct a407_span s);

/*
 * Takes the content of a quoted-string with its escapes resolved: unq() of RFC
 * 7616 section 3.4.
 */
void a407_hash_unquoted(struct a407_hash *h, struct a407_span s);

/* n bytes as lower case hexadecimal digits, and a NUL. */
void a407_hex(char *out, const uint8_t *p, size_t n);

/* Ends the hash as lower case hexadecimal digits and a NUL; wipes it. */
void a407_hash_hex(struct a407_hash *h, char out[A407_HASH_HEX]);

#endif
