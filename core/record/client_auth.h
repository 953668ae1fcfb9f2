/* SPDX-License-Identifier: MIT */
#ifndef A407_CLIENT_AUTH_H
#define A407_CLIENT_AUTH_H

#include "core/config/credential.h"

/* What may be told of a Proxy-Authorization that the program sent. */
struct a407_client_auth {
    char scheme[24];  /* as it wrote it; empty: none that is known */
    char user[128];   /* UTF-8; empty if it can't be told */
    char domain[128]; /* of an NTLM message; empty without one */
};

/*
 * Reads the field's value. Nothing secret gets into `out`: a word where the
 * scheme should stand is shown only if it is a known scheme's name, and a Basic
 * user is put by a407_put_user(). The user is told of Basic (RFC 7617), Digest
 * (RFC 7616 section 3.4, unless it is hashed) and NTLM (MS-NLMP
 * section 2.2.1.3, also within Negotiate); the other schemes encrypt or hide
 * it. Allocates for a short time, and wipes; without memory the user stays
 * empty.
 */
void a407_client_auth_read(struct a407_span value,
                           struct a407_client_auth *out);

/*
 * The user of a Basic credential, as a log may have it. One without a password
 * is a key, and so is one that looks like a known token, whose password is a
 * dummy ("ghp_...:x-oauth-basic"): "[redacted]". An empty one stays empty.
 */
void a407_put_user(char *out, size_t cap, struct a407_span user, bool password);

/* Is this Basic token exactly that credential? Allocates nothing. */
bool a407_basic_is(struct a407_span token, const struct a407_credential *c);

#endif
