/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "refused.h"

/* May it be sent? Not what was tried already, nor more of one user: here or, as
   far as none was let in, among ours. */
static bool may_send(const struct a407_doctor *d,
                     const struct a407_credential *c)
{
    const struct a407_credential *k, *last = NULL;
    size_t n = a407_doctor_command_failed(d, c);

    if (a407_doctor_command_sent(d, c))
        return false;
    for (k = d->config->credentials; k; k = k->next) {
        if (k->from != A407_FROM_VARIABLES &&
            !a407_endpoint_match(&k->endpoint, &d->proxy))
            continue;
        if (a407_credential_same(k, c, false))
            return false;
        if (d->in || !a407_doctor_same_account(k, c) ||
            a407_doctor_command_sent(d, k) ||
            (last && a407_credential_same(k, last, false)))
            continue; /* https_proxy and http_proxy mostly have the same */
        last = k;
        n++;
    }
    for (k = d->elsewhere; k != c; k = k->next) {
        if (a407_credential_same(k, c, false))
            return false;
        n += a407_doctor_same_account(k, c) && !a407_doctor_command_sent(d, k);
    }
    return n < A407_DOCTOR_OF_ONE_USER;
}

/* The line that takes it away, which stands where the place was judged. */
static void say_line(struct a407_doctor *d, const char *label,
                     struct a407_row *row)
{
    const char *where = strstr(label, " in ");
    size_t i;

    for (i = 0; where && i < d->rows.n; i++) {
        const struct a407_row *r = &d->rows.row[i];

        if (r->found == A407_FOUND_PLACE_DISAGREES &&
            strstr(r->what, where + strlen(" in ")))
            a407_row_remedy(row, "%s", r->remedy);
    }
}

static void try_one(struct a407_doctor *d, const struct a407_credential *c)
{
    struct a407_trial t;
    struct a407_row *row;
    char seen[400];

    a407_doctor_try(d, c, &t);
    if (t.outcome == A407_TRIAL_REFUSED) {
        a407_refused_describe(t.event, seen, sizeof seen);
        row = a407_row_found(&d->rows, A407_FOUND_PLACE_LOGIN, c->label, "%s",
                             seen);
        a407_row_sentence(row, "%s is refused.", c->label);
        say_line(d, c->label, row);
    } else if (t.outcome == A407_TRIAL_ACCEPTED) {
        a407_row_good(&d->rows, A407_IN_TRIAL, c->label,
                      d->in ? "accepted" : "accepted, as ours is not: use it");
    }
    a407_trial_free(&t);
}

void a407_doctor_elsewhere(struct a407_doctor *d)
{
    const struct a407_credential *c;

    for (c = d->elsewhere; c; c = c->next)
        if (a407_endpoint_match(&c->endpoint, &d->proxy) && may_send(d, c) &&
            a407_doctor_may_try(d) && !a407_doctor_is_late(d, c->label))
            try_one(d, c);
}
