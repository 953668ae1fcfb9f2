/* SPDX-License-Identifier: MIT */
#ifndef A407_SPNEGO_H
#define A407_SPNEGO_H

#include "core/base/buf.h"

/* SPNEGO (RFC 4178) with NTLM as its only mechanism (MS-SPNG). */

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

/* ---- DER ---- */

/* As much of DER (X.690) as SPNEGO needs: tags of one byte, lengths of at most
   four, also in a longer form than needed. */

/* Takes the first element off the front of `in`. False: there is none that is
   whole; `in` is unchanged. */
bool a407_der_take(struct a407_span *in, unsigned char *tag,
                   struct a407_span *content);

/* The same where the tag must be `tag`. */
bool a407_der_expect(struct a407_span *in, unsigned char tag,
                     struct a407_span *content);

/* Makes what is in out from `from` on the content of an element of that tag.
   False: it does not fit. */
bool a407_der_wrap(struct a407_buf *out, size_t from, unsigned char tag);

#endif
