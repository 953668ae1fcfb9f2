/* SPDX-License-Identifier: MIT */
#ifndef A407_GSS_H
#define A407_GSS_H

#include "child.h"
#include "core/engine/engine.h"

/*
 * Tokens of GSSAPI for Negotiate, made by a helper process (auth407-gss), one
 * for each handshake: libgssapi itself would need the program's stack, its
 * signals and its time.
 */

/*
 * Answers ASK_TOKEN and ASK_VERIFY. `child` is the connection's: started here
 * in the first leg, kept between legs, ended when the handshake is over or has
 * failed. Blocks at most `ms` milliseconds. Locks nothing.
 */
void a407_gss_answer(const struct a407_config *config, struct a407_child *child,
                     const struct a407_ask *ask, int64_t ms,
                     struct a407_told *told);

#endif
