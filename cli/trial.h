/* SPDX-License-Identifier: MIT */
#ifndef A407_TRIAL_H
#define A407_TRIAL_H

#include "cli/stream.h"
#include "core/config/config.h"
#include "core/record/event.h"

/* One request to a proxy by the library's own engine, to see whether a
   credential is good. */

enum a407_trial_outcome {
    A407_TRIAL_ACCEPTED,
    A407_TRIAL_REFUSED,     /* now, or a short while ago: see event->cause */
    A407_TRIAL_NOT_ASKED,   /* the proxy wanted no login */
    A407_TRIAL_UNREACHABLE, /* no connection, or no answer on it */
    A407_TRIAL_UNDECIDED    /* it could not be sent: event->cause */
};

struct a407_trial {
    enum a407_trial_outcome outcome;
    struct a407_event *event;     /* the record; UNREACHABLE: may be NULL */
    char *answer;                 /* the beginning of what a program would have
                                     read, as far as it is text, or NULL; it may
                                     hold what the proxy was sent */
    struct a407_credential *read; /* what was read for it, from a file or a
                                     helper; a list, or NULL */
    char why[160];                /* in words, without secrets; or empty */
};

/* Writes the request for a target: CONNECT, or GET for "http://...". False: it
   does not fit. */
bool a407_trial_request(const char *target, char *out, size_t cap);

/*
 * Asks `proxy`, whose port is not 0, for a tunnel to `target` (HOST:PORT), or
 * for what it names (http://HOST/...), and answers its 407s as `config` says
 * with this credential alone; NULL: with those that `config` has for it, or
 * with a Kerberos ticket. A refusal is marked, and one that is marked is not
 * sent again, as in any process. `layer`: what is spoken to the proxy, or NULL;
 * a login goes where that begins. Closes the tunnel. Blocks for the name, the
 * proxy, a helper: config->wait_ms at most for each connection, behind the
 * look-up of the name.
 */
void a407_trial(const struct a407_config *config,
                const struct a407_endpoint *proxy,
                const struct a407_layer *layer,
                const struct a407_credential *credential, const char *target,
                struct a407_trial *out);

/* Wipes and frees what it holds. */
void a407_trial_free(struct a407_trial *t);

#endif
