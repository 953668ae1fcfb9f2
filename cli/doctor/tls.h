/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_TLS_H
#define A407_DOCTOR_TLS_H

#include "cli/tls.h"
#include "rows.h"

/* Shakes hands once, and adds a row about the certificate, or why there is no
   TLS. False: there is none; *trusted: is it good? Blocks for seconds. */
bool a407_tls_look(struct a407_rows *rows, const struct a407_peer *peer, int ms,
                   bool *trusted);

#endif
