/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_TLS_H
#define A407_DOCTOR_TLS_H

#include "rows.h"
#include "wire.h"

/* A proxy that is spoken to in TLS, by the system's OpenSSL, if it is there. */

/*
 * As a407_wire_ask, in TLS. Where there is no TLS, and the first time about the
 * certificate, it adds a row. False: no answer, for what the row says.
 */
bool a407_tls_ask(struct a407_rows *rows, const struct addrinfo *a,
                  const char *host, const char *request, int ms,
                  struct a407_answer *out);

#endif
