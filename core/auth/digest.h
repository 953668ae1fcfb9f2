/* SPDX-License-Identifier: MIT */
#ifndef A407_DIGEST_H
#define A407_DIGEST_H

#include "core/base/hash.h"
#include "scheme.h"

/* The inside of Digest, for its tests; everybody else uses scheme.h. */

/*
 * Bytes of a realm, a nonce or an opaque value in a challenge. Most have under
 * 200, signed or encrypted nonces some hundreds. With all three our field is
 * still below the 8 KiB that servers commonly take for one.
 */
#define A407_DIGEST_VALUE_MAX 2048

/* 128 random bits in hexadecimal, and a NUL. */
#define A407_DIGEST_CNONCE 33

/* The longest hash in hexadecimal, and a NUL. */
#define A407_DIGEST_HEX (2 * A407_HASH_MAX + 1)

enum a407_digest_qop {
    A407_QOP_NONE, /* no qop parameter: the form of RFC 2069 */
    A407_QOP_AUTH,
    A407_QOP_AUTH_INT
};

struct a407_digest_algorithm {
    const char *name; /* RFC 7616 section 6.1 */
    const struct nettle_hash *hash;
    bool session; /* -sess */
    unsigned rank;
};

/* What a challenge asks for. Spans point into the challenge. */
struct a407_digest_offer {
    const struct a407_digest_algorithm *algorithm;
    struct a407_span algorithm_text; /* as offered; p NULL if it was not */
    enum a407_digest_qop qop;
    bool userhash;
    bool utf8; /* charset=UTF-8 */
    /* the inside of quoted-strings, escapes still in it */
    struct a407_span realm, nonce;
    struct a407_span opaque; /* p NULL if absent */
};

struct a407_digest_state {
    const struct a407_digest_algorithm *algorithm;
    char algorithm_text[20]; /* echoed as offered; empty if it was not */
    enum a407_digest_qop qop;
    bool userhash, utf8;
    char *realm, *nonce, *opaque;            /* owned; opaque NULL if absent */
    char *realm_text, *nonce_text;           /* without their escapes; owned */
    uint32_t nc;                             /* requests made with this nonce */
    char session_cnonce[A407_DIGEST_CNONCE]; /* -sess: of this nonce's first
                                                request; empty before it */
};

/*
 * Reads a challenge (RFC 7616 section 3.3). False: it can't be answered; `*why`
 * is UNSUPPORTED (algorithm, qop) or PROTOCOL (no nonce, too long, controls).
 */
bool a407_digest_read(const struct a407_challenge *ch,
                      struct a407_digest_offer *out, enum a407_cause *why);

/* The response (RFC 7616 section 3.4.1) for one request, in hexadecimal. */
void a407_digest_response(const struct a407_digest_state *s,
                          const struct a407_credential *cred,
                          const struct a407_auth_request *rq,
                          const char *cnonce, uint32_t nc,
                          char out[A407_DIGEST_HEX]);

#endif
