/* SPDX-License-Identifier: MIT */
#ifndef A407_BLOCK_H
#define A407_BLOCK_H

#include "turn.h"

/*
 * Waits for what the driver needs, in a call that waits itself, at most as long
 * as the program's own limit lasts. flags: of that call. True: look again
 * (t->c NULL: it is not followed any more). False: errno is the program's to
 * see: EAGAIN where it does not wait, or not any longer; EINTR.
 */
bool a407_block(struct a407_turn *t, enum a407_driven needs, int flags);

#endif
