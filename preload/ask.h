/* SPDX-License-Identifier: MIT */
#ifndef A407_ASK_H
#define A407_ASK_H

#include "gate.h"

/*
 * Does what the connection's engine asks of the outside, as long as it asks:
 * reads a secret, has the Kerberos helper make a token, or looks for the mark
 * of a refusal (PBKDF2: some 10 ms). Each may take config->helper_ms, but no
 * longer than the program's own limit; it is a wait (turn.h), so the connection
 * may be another's afterwards: LOST. BUSY: another thread is at it.
 */
enum a407_pump a407_answer_asks(struct a407_turn *t);

/* Sets and removes the marks of what the proxy has said, of which the engine
   has taken note. No lock is held: a mark takes its time. */
void a407_deliver_verdicts(struct a407_conn *c);

#endif
