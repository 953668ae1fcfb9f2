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
 * Reads the field's value. A scheme is told only if it is a known one: else the
 * word may be the secret. The user is told of Basic (a407_put_user), Digest
 * (RFC 7616 section 3.4, unless it is hashed) and NTLM (MS-NLMP section
 * 2.2.1.3, also within Negotiate). Without memory the user stays empty.
 */
void a407_client_auth_read(struct a407_span value,
                           struct a407_client_auth *out);

/* The user of a Basic credential, as a log may have it: "[redacted]" where it
   is a key, since there is no password, or a known token ("ghp_...:x"). */
void a407_put_user(char *out, size_t cap, struct a407_span user, bool password);

/* Is this Basic token exactly that credential? Allocates nothing. */
bool a407_basic_is(struct a407_span token, const struct a407_credential *c);

#endif
