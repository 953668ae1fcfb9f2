/* SPDX-License-Identifier: MIT */
#ifndef A407_FETCH_H
#define A407_FETCH_H

#include "core/engine/engine.h"

/*
 * Answers ASK_SECRET: reads password-file, token-file, netrc, or runs the
 * helper, and gives a whole credential with what they say filled in. Blocks at
 * most `ms` milliseconds. Locks nothing.
 */
void a407_fetch_answer(const struct a407_config *config,
                       const struct a407_ask *ask, int64_t ms,
                       struct a407_told *told);

#endif
