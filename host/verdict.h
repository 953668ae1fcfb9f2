/* SPDX-License-Identifier: MIT */
#ifndef A407_HOST_VERDICT_H
#define A407_HOST_VERDICT_H

#include "core/engine/engine.h"

/* Tells the user's other processes of a verdict on a credential: sets or
   removes its mark, and ends their wait for it. Frees v->cred. Blocks for
   files; without a lock. */
void a407_verdict_tell(const struct a407_config *c,
                       const struct a407_endpoint *proxy,
                       struct a407_verdict *v);

#endif
