/* SPDX-License-Identifier: MIT */
#ifndef A407_FETCH_H
#define A407_FETCH_H

#include "core/engine/engine.h"
#include "talk.h"

/*
 * Begins with the answer to ASK_SECRET: a whole credential, with what its files
 * or its helper say. False: *told is the answer already (files are read at
 * once). True: a helper was started, which has `ms` milliseconds: step *t
 * (talk.h) until it is over, then a407_fetch_end. Locks nothing.
 */
bool a407_fetch_begin(const struct a407_config *config,
                      const struct a407_ask *ask, int64_t ms,
                      struct a407_talk *t, struct a407_told *told);

/* The helper's talk is over: what came of it. */
void a407_fetch_end(const struct a407_config *config,
                    const struct a407_ask *ask, int64_t ms,
                    const struct a407_talk *t, struct a407_told *told);

#endif
