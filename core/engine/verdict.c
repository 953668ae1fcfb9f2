/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* What the user's other processes are told of a credential. */

bool a407_may_be_marked(const struct a407_credential *c)
{
    return c->password || c->token;
}

/* For the caller to take out; without memory it is lost. */
static void note(struct a407_engine *e, unsigned cred_index, bool judged,
                 bool accepted)
{
    const struct a407_credential *c = e->proxy->creds[cred_index];
    unsigned bit = 1u << cred_index;
    struct a407_credential *copy =
        a407_may_be_marked(c) && e->n_verdicts < A407_VERDICTS_MAX
            ? a407_credential_copy(c)
            : NULL;
    if (copy)
        e->verdicts[e->n_verdicts++] = (struct a407_verdict){
            .cred = copy,
            .configured = e->proxy->standing[cred_index].configured,
            .tried = e->exchange.trying & bit,
            .judged = judged,
            .accepted = accepted};
    e->exchange.trying &= ~bit;
}

void a407_verdict_note(struct a407_engine *e, unsigned cred_index,
                       bool accepted)
{
    note(e, cred_index, true, accepted);
}

void a407_trials_end(struct a407_engine *e)
{
    for (unsigned i = 0; e->exchange.trying && i < e->proxy->n_creds; i++)
        if (e->exchange.trying & (1u << i))
            note(e, i, false, false);
}

bool a407_engine_verdict(struct a407_engine *e, struct a407_verdict *out)
{
    if (!e->n_verdicts)
        return false;
    *out = e->verdicts[0];
    e->n_verdicts--;
    memmove(e->verdicts, e->verdicts + 1,
            e->n_verdicts * sizeof e->verdicts[0]);
    return true;
}
