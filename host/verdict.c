/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include "lockout.h"
#include "memory.h"

void a407_verdict_tell(const struct a407_config *c,
                       const struct a407_endpoint *proxy,
                       struct a407_verdict *v)
{
    struct a407_owner owner = {c, proxy, v->configured, v->cred};
    bool refused = v->judged && !v->accepted;
    if (v->judged)
        a407_lockout_mark(c, proxy, v->cred, v->accepted);
    if (v->tried || refused)
        a407_memory_tried(&owner, refused);
    a407_credentials_free(v->cred);
    v->cred = NULL;
}
