/* SPDX-License-Identifier: MIT */
#include "errand.h"

#include <stdlib.h>

#include "fetch.h"
#include "gss.h"
#include "lockout.h"

bool a407_errand_begin(const struct a407_config *config, struct a407_errand *e)
{
    switch (e->ask.kind) {
    case A407_ASK_MARK:
        e->told.ok = a407_lockout_held(config, e->ask.proxy, e->ask.cred);
        return false;
    case A407_ASK_SECRET:
        return a407_fetch_begin(config, &e->ask, e->ms, &e->talk, &e->told);
    default:
        return a407_gss_begin(config, &e->ask, e->ms, &e->talk, &e->told);
    }
}

bool a407_errand_step(const struct a407_config *config, struct a407_errand *e,
                      struct a407_sleep *sleep)
{
    if (!a407_talk_step(&e->talk, sleep))
        return false;
    if (a407_errand_is_about_tokens(e))
        a407_gss_end(&e->ask, e->ms, &e->talk, &e->told);
    else
        a407_fetch_end(config, &e->ask, e->ms, &e->talk, &e->told);
    return true;
}

void a407_errand_free(struct a407_errand *e)
{
    while (e) {
        struct a407_errand *next = e->next;
        a407_talk_drop(&e->talk);
        a407_ask_clear(&e->ask);
        a407_told_clear(&e->told);
        free(e);
        e = next;
    }
}
