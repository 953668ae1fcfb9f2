/* SPDX-License-Identifier: MIT */
#ifndef A407_MUTUAL_H
#define A407_MUTUAL_H

/* What an accepted Negotiate proved of the proxy: by Kerberos (RFC 4559 section
   5), or by the signature of SPNEGO's list over NTLM (RFC 4178 section 5). */
enum a407_mutual {
    A407_MUTUAL_NONE, /* nothing to tell */
    A407_MUTUAL_VERIFIED,
    A407_MUTUAL_ABSENT, /* it sent no proof */
    A407_MUTUAL_FAILED
};

#endif
