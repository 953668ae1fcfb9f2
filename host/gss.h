/* SPDX-License-Identifier: MIT */
#ifndef A407_GSS_H
#define A407_GSS_H

#include "core/engine/engine.h"
#include "talk.h"

/* Tokens of GSSAPI for Negotiate, made by a process (auth407-gss) for each
   handshake: libgssapi would need the program's stack, signals and time. */

/*
 * Begins with the answer to ASK_TOKEN or ASK_VERIFY, which may take `ms`
 * milliseconds. t->child is the connection's: started here in the first leg,
 * and ended when the handshake is over or has failed; the rest of *t is filled
 * in. False: *told is the answer already. True: step it (talk.h) until it is
 * over, then a407_gss_end. Starts a process. Locks nothing.
 */
bool a407_gss_begin(const struct a407_config *config,
                    const struct a407_ask *ask, int64_t ms, struct a407_talk *t,
                    struct a407_told *told);

/* The talk is over: what came of it. After a token (told->ok) the child is the
   caller's again, for the next leg; else a407_talk_drop ends it. */
void a407_gss_end(const struct a407_ask *ask, int64_t ms, struct a407_talk *t,
                  struct a407_told *told);

#endif
