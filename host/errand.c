/* SPDX-License-Identifier: MIT */
#include "errand.h"

#include <stdlib.h>

#include "clock.h"
#include "fetch.h"
#include "gss.h"
#include "lockout.h"
#include "memory.h"

/* Between two looks at what another process tries. */
#define PAUSE_MAX_MS 40

static struct a407_owner owner_of(const struct a407_config *config,
                                  const struct a407_ask *ask)
{
    return (struct a407_owner){config, ask->proxy, ask->configured, ask->cred};
}

static bool is_marked(const struct a407_owner *o, struct a407_errand *e)
{
    int64_t marked = a407_lockout_marked(o->config, o->proxy, o->cred);
    e->told.ok = marked && !a407_memory_excuses(o, marked);
    return e->told.ok;
}

static void end_trial(const struct a407_owner *o, struct a407_errand *e)
{
    if (e->told.trial)
        a407_memory_tried(o, false);
    e->told.trial = false;
}

/* True: it may be sent, or there is a mark by now. Whoever tries the secret
   sets that before it lets others try. */
static bool try_secret(const struct a407_owner *o, struct a407_errand *e)
{
    enum a407_may may = a407_memory_try(o);
    e->told.known = may == A407_MAY_KNOWN;
    e->told.late = may == A407_MAY_ALONE;
    e->told.trial = may == A407_MAY_TRY;
    if (may != A407_MAY_NOT && is_marked(o, e))
        end_trial(o, e);
    return may != A407_MAY_NOT;
}

bool a407_errand_begin(const struct a407_config *config, struct a407_errand *e)
{
    struct a407_owner owner = owner_of(config, &e->ask);
    e->config = config;
    switch (e->ask.kind) {
    case A407_ASK_MARK:
        if (e->ask.replaces)
            a407_memory_replaces(&owner);
        return !is_marked(&owner, e) && !e->ask.alone && !try_secret(&owner, e);
    case A407_ASK_SECRET:
        return a407_fetch_begin(config, &e->ask, e->ms, &e->talk, &e->told);
    default:
        return a407_gss_begin(config, &e->ask, e->ms, &e->talk, &e->told);
    }
}

bool a407_errand_step(const struct a407_config *config, struct a407_errand *e,
                      struct a407_sleep *sleep)
{
    if (e->ask.kind == A407_ASK_MARK) {
        struct a407_owner owner = owner_of(config, &e->ask);
        int *pause = &e->talk.pause_ms;
        *pause = *pause < PAUSE_MAX_MS ? 2 * *pause + 1 : *pause;
        *sleep = (struct a407_sleep){.fd = -1, .until = a407_now_ms() + *pause};
        return try_secret(&owner, e);
    }
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
        struct a407_owner owner = owner_of(e->config, &e->ask);
        end_trial(&owner, e); /* that nobody was told of */
        a407_talk_drop(&e->talk);
        a407_ask_clear(&e->ask);
        a407_told_clear(&e->told);
        free(e);
        e = next;
    }
}
