/* SPDX-License-Identifier: MIT */
#ifndef A407_JWT_H
#define A407_JWT_H

#include "span.h"

/* When a JSON Web Token holds, in whole seconds since the epoch; 0: it does not
   say. What lies before 1970 is told as 1, so that it still counts as past. */
struct a407_jwt {
    int64_t expires;    /* "exp": not from then on (RFC 7519 section 4.1.4) */
    int64_t not_before; /* "nbf" (section 4.1.5) */
};

/*
 * Reads the times of a JWT: three parts of base64url (RFC 7515 section 7.1),
 * the first an object with a text "alg", the second an object. False: it is
 * none, or encrypted; out is zeroed then. Nobody checks the signature here.
 */
bool a407_jwt_read(struct a407_span token, struct a407_jwt *out);

/* How far another clock may be ahead of ours: a new token often says that it
   holds from now on (RFC 7519 section 4.1.5 allows for it). */
#define A407_JWT_LEEWAY_S 60

/* `expires` of that, or 0: none, or no JWT. */
int64_t a407_jwt_expiry(struct a407_span token);

/* Does it hold at that time (seconds since the epoch), or say nothing of it? */
bool a407_jwt_holds(struct a407_span token, int64_t now);

#endif
