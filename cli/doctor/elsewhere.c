/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "cli/trial.h"
#include "doctor.h"

/* Accounts are locked after few failures: so many logins of one user. */
#define OF_ONE_USER 2

/* Is it one that a trial of ours has sent already? */
static bool is_ours(const struct a407_doctor *d,
                    const struct a407_credential *c)
{
    const struct a407_credential *k;

    for (k = d->config->credentials; k; k = k->next)
        if ((k->from == A407_FROM_VARIABLES ||
             a407_endpoint_match(&k->endpoint, &d->proxy)) &&
            a407_credential_same(k, c, false))
            return true;
    return false;
}

/* How many before it in the list are of that user; the same one again is too
   many. */
static unsigned before(const struct a407_doctor *d,
                       const struct a407_credential *c)
{
    const struct a407_credential *k;
    unsigned n = 0;

    for (k = d->elsewhere; k != c; k = k->next) {
        if (a407_credential_same(k, c, false))
            return OF_ONE_USER;
        n += a407_same_text(k->username, c->username);
    }
    return n;
}

static void try_one(struct a407_doctor *d, const struct a407_credential *c,
                    const char *target)
{
    struct a407_trial t;
    struct a407_row *row;

    a407_doctor_progress(d, "trying %s", c->label);
    a407_trial(d->config, &d->proxy, c, target, &t);
    if (t.outcome == A407_TRIAL_REFUSED) {
        row = a407_row_found(&d->rows, A407_FOUND_PLACE_LOGIN, c->label,
                             "refused: %s", t.why);
        a407_row_sentence(row, "%s is refused.", c->label);
    } else if (t.outcome == A407_TRIAL_ACCEPTED) {
        a407_row_good(&d->rows, A407_IN_TRIAL, c->label, "accepted");
    }
    a407_trial_end(&t);
}

void a407_doctor_elsewhere(struct a407_doctor *d)
{
    const struct a407_credential *c;
    char target[320];

    snprintf(target, sizeof target, "%s:%u", d->o.target.at.host,
             d->o.target.at.port);
    for (c = d->elsewhere; c; c = c->next)
        if (a407_endpoint_match(&c->endpoint, &d->proxy) && !is_ours(d, c) &&
            before(d, c) < OF_ONE_USER && a407_doctor_may_try(d))
            try_one(d, c, target);
}
