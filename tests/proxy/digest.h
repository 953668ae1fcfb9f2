/* SPDX-License-Identifier: MIT */
#ifndef FX_DIGEST_H
#define FX_DIGEST_H

#include <nettle/nettle-meta.h>
#include <stdbool.h>
#include <stddef.h>

/* Digest access authentication as the judge sees it (RFC 7616). */

#define DIGEST_HEX_MAX (2 * 64 + 1)

struct digest_algorithm {
    const char *token; /* as on the wire */
    const struct nettle_hash *hash;
    bool sess;
};

/* MD5, SHA-256, SHA-512-256, each also with -sess; NULL for others. */
const struct digest_algorithm *digest_algorithm(const char *token);

/* The hash of n bytes in lower-case hex. */
void digest_hex(const struct digest_algorithm *a, const void *p, size_t n,
                char out[DIGEST_HEX_MAX]);

struct digest_input {
    const struct digest_algorithm *algorithm;
    const char *username, *realm, *password;
    const char *nonce, *cnonce, *nc;
    const char *qop; /* "" for none */
    const char *method, *uri;
    const char *sess_cnonce; /* the one that -sess is keyed with */
    const void *body;
    size_t body_len;
};

/* The value that `response` must have (RFC 7616 section 3.4.1). */
void digest_response(const struct digest_input *in, char out[DIGEST_HEX_MAX]);

#define PARAMS_MAX 24

struct params {
    struct {
        char name[32];
        char value[1024]; /* without quotes and escapes */
        bool quoted;
    } item[PARAMS_MAX];
    size_t n;
};

/*
 * Reads comma-separated name=value pairs (RFC 9110 section 11.2), strictly:
 * false for anything else, also for a name that comes twice.
 */
bool params_parse(const char *z, struct params *out);

/* The value of that name, or NULL; `quoted` may be NULL. */
const char *params_get(const struct params *p, const char *name, bool *quoted);

/* Percent-decodes RFC 8187's UTF-8'lang'text. False: not of that form. */
bool params_decode_ext(const char *value, char *out, size_t cap);

#endif
