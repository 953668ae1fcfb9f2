/* SPDX-License-Identifier: MIT */
#ifndef A407_SPNEGO_H
#define A407_SPNEGO_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/span.h"

/*
 * SPNEGO (RFC 4178) with NTLM as the only mechanism (MS-SPNG). What wraps
 * Kerberos is GSSAPI's own business.
 */

enum a407_spnego_state {
    A407_SPNEGO_UNSAID = -1, /* the token has no negState */
    A407_SPNEGO_COMPLETED = 0,
    A407_SPNEGO_INCOMPLETE = 1,
    A407_SPNEGO_REJECT = 2,
    A407_SPNEGO_REQUEST_MIC = 3
};

/* A NegTokenResp. The spans point into what was parsed; p NULL: absent. */
struct a407_spnego_response {
    enum a407_spnego_state state;
    struct a407_span mech; /* supportedMech: the content of its OID */
    struct a407_span token;
    struct a407_span mic;
};

/* The list of mechanisms as it is sent, in DER: what mechListMIC is over. */
struct a407_span a407_spnego_mechs(void);

/* Is that the content of NTLM's OID? */
bool a407_spnego_is_ntlm(struct a407_span oid);

/* Appends the first token: NegTokenInit with the mechanism's first. */
bool a407_spnego_write_init(struct a407_buf *out, struct a407_span token);

/* Appends a later one: NegTokenResp; mic.p NULL for none. */
bool a407_spnego_write_response(struct a407_buf *out, struct a407_span token,
                                struct a407_span mic);

/* Reads a NegTokenResp. False: malformed. Elements that RFC 4178 does not know
   are passed over. */
bool a407_spnego_read_response(struct a407_span in,
                               struct a407_spnego_response *out);

#endif
