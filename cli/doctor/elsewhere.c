/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "cli/trial.h"
#include "core/base/text.h"
#include "doctor.h"

/* "CORP\alice" and "alice@CORP" as a directory may know them: ALICE. */
static bool add_account(struct a407_buf *b, const char *username)
{
    struct a407_span name = a407_span_str(username);
    const char *domain = a407_span_find(name, '\\'),
               *realm = a407_span_find(name, '@');

    if (domain)
        name = a407_span_from(name, domain + 1);
    else if (realm)
        name = a407_span_before(name, realm);
    a407_buf_init(b, SIZE_MAX);
    return a407_utf16_add_upper(b, name);
}

bool a407_doctor_same_account(const struct a407_credential *a,
                              const struct a407_credential *b)
{
    struct a407_buf x, y;
    bool same, read;

    if (!a->username || !b->username)
        return false;
    read = add_account(&x, a->username);
    read = add_account(&y, b->username) && read;
    same = (read && x.n == y.n && memcmp(x.p, y.p, x.n) == 0) ||
           strcmp(a->username, b->username) == 0;
    a407_buf_free(&x);
    a407_buf_free(&y);
    return same;
}

/* May it be sent? Not what was tried already, nor more of one user: here or, as
   far as none was let in, among ours. */
static bool may_send(const struct a407_doctor *d,
                     const struct a407_credential *c)
{
    const struct a407_credential *k, *last = NULL;
    unsigned n = 0;

    for (k = d->config->credentials; k; k = k->next) {
        if (k->from != A407_FROM_VARIABLES &&
            !a407_endpoint_match(&k->endpoint, &d->proxy))
            continue;
        if (a407_credential_same(k, c, false))
            return false;
        if (d->in || !a407_doctor_same_account(k, c) ||
            (last && a407_credential_same(k, last, false)))
            continue; /* https_proxy and http_proxy mostly have the same */
        last = k;
        n++;
    }
    for (k = d->elsewhere; k != c; k = k->next) {
        if (a407_credential_same(k, c, false))
            return false;
        n += a407_doctor_same_account(k, c);
    }
    return n < A407_DOCTOR_OF_ONE_USER;
}

static void try_one(struct a407_doctor *d, const struct a407_credential *c)
{
    struct a407_trial t;
    struct a407_row *row;

    a407_doctor_try(d, c, &t);
    if (t.outcome == A407_TRIAL_REFUSED) {
        row = a407_row_found(&d->rows, A407_FOUND_PLACE_LOGIN, c->label,
                             "refused: %s", t.why);
        a407_row_sentence(row, "%s is refused.", c->label);
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
            a407_doctor_may_try(d))
            try_one(d, c);
}
