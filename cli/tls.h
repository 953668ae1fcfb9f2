/* SPDX-License-Identifier: MIT */
#ifndef A407_TLS_H
#define A407_TLS_H

#include "stream.h"

/* A proxy that is spoken to in TLS, by the system's OpenSSL, if it is there. */

/* Whoever it is; and none but who has a certificate for that name that is
   trusted here: for what is secret. */
extern const struct a407_layer a407_tls_any, a407_tls_trusted;

enum a407_tls_certificate {
    A407_TLS_GOOD,
    A407_TLS_EXPIRED,
    A407_TLS_OTHER_NAME,
    A407_TLS_UNTRUSTED
};

/* That of the other end of a stream with one of these layers; and in words what
   is wrong with it. */
enum a407_tls_certificate a407_tls_certificate(const struct a407_stream *s,
                                               char why[static 80]);

/* Why the last one came to nothing, if TLS is the reason: one of these, or
   OpenSSL's words; or NULL. */
#define A407_TLS_NOT_HERE          "libssl.so.3 (OpenSSL) is not here"
#define A407_TLS_WANTS_CERTIFICATE "it asks for a certificate of the client"
const char *a407_tls_error(void);

#endif
