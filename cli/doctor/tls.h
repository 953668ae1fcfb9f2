/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_TLS_H
#define A407_DOCTOR_TLS_H

#include "cli/stream.h"
#include "rows.h"

/* A proxy that is spoken to in TLS, by the system's OpenSSL, if it is there. */

/* Whoever it is; and none but who has a certificate for that name that is
   trusted here: for what is secret. */
extern const struct a407_layer a407_tls_any, a407_tls_trusted;

/* Shakes hands once, and adds a row about the certificate, or why there is no
   TLS. False: there is none; *trusted: is it good? Blocks for seconds. */
bool a407_tls_look(struct a407_rows *rows, const struct a407_peer *peer, int ms,
                   bool *trusted);

/* Why the last one came to nothing, if TLS is the reason: this, or OpenSSL's
   words; or NULL. */
#define A407_TLS_WANTS_CERTIFICATE "it asks for a certificate of the client"
const char *a407_tls_error(void);

#endif
