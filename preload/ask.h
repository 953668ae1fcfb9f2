/* SPDX-License-Identifier: MIT */
#ifndef A407_ASK_H
#define A407_ASK_H

#include "turn.h"

/*
 * Does what the connection's engine asks of the outside, as long as it asks:
 * reads a secret, has the Kerberos helper make a token, or looks for the mark
 * of a refusal (PBKDF2: some 10 ms). A process that is started for it has
 * config->helper_ms, and is looked at again with each call (c->errand): WAIT,
 * until c->sleep, or while another thread begins. To begin is a wait (turn.h),
 * so the connection may be another's afterwards: LOST.
 */
enum a407_pump a407_answer_asks(struct a407_turn *t);

#endif
