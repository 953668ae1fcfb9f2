/* SPDX-License-Identifier: MIT */
#ifndef A407_ASK_H
#define A407_ASK_H

#include "registry.h"

/*
 * Does what the connection's engine asks of the outside, as long as it asks:
 * reads a secret, or has the Kerberos helper make a token. Blocks at most
 * config->helper_ms for each. The connection's lock is held.
 */
void a407_answer_asks(struct a407_conn *c);

/* No handshake is under way on it any more: the helper may go. */
void a407_end_asks(struct a407_conn *c);

#endif
