/* SPDX-License-Identifier: MIT */
#ifndef A407_ERRAND_H
#define A407_ERRAND_H

#include "core/engine/engine.h"
#include "talk.h"

/* What an engine asks of the outside (a407_engine_ask), and what came of it. */
struct a407_errand {
    const struct a407_config *config; /* since it was begun */
    struct a407_ask ask;
    struct a407_told told;
    struct a407_talk talk;    /* with the process that is started for it */
    int64_t ms;               /* that it may take */
    struct a407_errand *next; /* of those that are to be freed with it */
};

/*
 * Begins: reads a secret, has the Kerberos helper make or check a token, or
 * looks for the mark of a refusal. `ask` and `ms` are filled in, told.cause is
 * what it is if nothing else is known, and talk.child is the helper of this
 * handshake, if it runs already. False: told is the answer. True: step it.
 * Takes its time: files, PBKDF2 (some 10 ms), the start of a process, which the
 * thread must not be cancelled in. Locks nothing.
 */
bool a407_errand_begin(const struct a407_config *config, struct a407_errand *e);

/*
 * Goes on, without waiting. True: it is over, and told is the answer. False:
 * *sleep says until when there is nothing to do.
 */
bool a407_errand_step(const struct a407_config *config, struct a407_errand *e,
                      struct a407_sleep *sleep);

/* Does it talk with the helper that a handshake keeps from leg to leg? */
static inline bool a407_errand_is_about_tokens(const struct a407_errand *e)
{
    return e->ask.kind == A407_ASK_TOKEN || e->ask.kind == A407_ASK_VERIFY;
}

/* Ends what it has begun, and frees what it owns, and e; and those behind it.
   Kills and waits for a process that still runs: no lock is held. */
void a407_errand_free(struct a407_errand *e);

#endif
