/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_KIND_H
#define A407_DOCTOR_KIND_H

#include "rows.h"
#include "wire.h"

/* What kind of server it is that is no HTTP proxy. Each asks it, and blocks for
   some seconds at most. */

/* Adds the row about one whose answer `a` is no HTTP; in TLS it is asked
   nothing more. */
void a407_kind_tell(struct a407_rows *rows, const struct a407_peer *at,
                    const struct a407_answer *a);

/* Shakes hands once, and adds a row about the certificate, or why there is no
   TLS. False: there is none; *trusted: is it good? */
bool a407_kind_look_at_tls(struct a407_rows *rows, const struct a407_peer *peer,
                           int ms, bool *trusted);

/* Is it a web server, which takes each request for one to itself? By its
   answers to CONNECT and GET, and to a GET for a name that nobody has. */
bool a407_kind_is_web_server(const struct a407_peer *at,
                             const struct a407_answer *to_connect,
                             const struct a407_answer *to_get);

#endif
