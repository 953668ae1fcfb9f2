/* SPDX-License-Identifier: MIT */
#ifndef A407_MEMORY_H
#define A407_MEMORY_H

#include "core/engine/engine.h"

/*
 * What worked at a proxy, for the next processes of the same user: small files
 * in $XDG_RUNTIME_DIR/auth407, or STATE/auth407/memory, 0700 and our own. Their
 * names are made with a key that lies beside them, of proxy, user and where the
 * credential stands; they hold 16 bits made of its secret, since a changed one
 * has nothing to remember. What is older than a day, not ours, or can't be read
 * is not there. AUTH407_MEMORY=no: nothing is.
 *
 * All of it blocks for files and allocates; to be called without a lock. Where
 * something fails, it is as without a memory.
 */

/* Whose memory. */
struct a407_owner {
    const struct a407_config *config;
    const struct a407_endpoint *proxy;
    const struct a407_credential *configured; /* as the settings have it */
    const struct a407_credential *cred;       /* ... with its secret */
};

/* For a proxy that nobody uses yet (a407_proxy_recall). */
void a407_memory_recall(struct a407_proxy *p);

/* Writes what a407_proxy_remember said. */
void a407_memory_keep(const struct a407_owner *o, struct a407_span text);

/* Hands on what a407_proxy_suspend said. */
void a407_memory_hand_on(const struct a407_owner *o, struct a407_span line);

/* This secret has taken the place of one that had worked, and was refused just
   now: of all processes the first one's word counts. */
void a407_memory_replaces(const struct a407_owner *o);

/* Does a mark of that time (microseconds since the epoch) say nothing, by what
   is known of when the secret was changed (A407_CHANGING_S)? */
bool a407_memory_excuses(const struct a407_owner *o, int64_t marked_us);

/*
 * A secret that has not been accepted within the last 10 seconds is tried by
 * one process at a time: a wrong one would be counted against the account by
 * each. Who has ended without a word is not waited for, nor who takes too long:
 * then one goes on in its place, and is waited for twice as long.
 */
enum a407_may {
    A407_MAY_NOT,   /* somebody tries it */
    A407_MAY_KNOWN, /* it was accepted just now */
    A407_MAY_TRY,   /* a407_memory_tried is to tell what came of it */
    A407_MAY_ALONE /* this very process tries it, and may be waiting for itself:
                      it is to wait no more */
};
enum a407_may a407_memory_try(const struct a407_owner *o);

/* ... it was refused: forgotten; or accepted (after a407_memory_keep), or not
   judged. */
void a407_memory_tried(const struct a407_owner *o, bool refused);

#endif
