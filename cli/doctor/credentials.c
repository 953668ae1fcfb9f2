/* SPDX-License-Identifier: MIT */
#include "cli/settings.h"
#include "doctor.h"
#include "host/credfile_read.h"

static void look_at(struct a407_doctor *d, const struct a407_credential *c)
{
    struct a407_buf words;

    a407_buf_init(&words, 4096);
    a407_credential_describe(&words, c);
    a407_row_good(&d->rows, A407_IN_CREDENTIAL, c->label, "for %.*s",
                  (int)words.n, words.n ? words.p : "");
    a407_buf_free(&words);
}

void a407_doctor_credentials(struct a407_doctor *d)
{
    const struct a407_credential *c;
    struct a407_diag diag = {{0}};

    if (d->config->credentials_path &&
        a407_credfile_load(d->config, &diag) == A407_CREDFILE_REFUSED)
        a407_row_found(&d->rows, A407_FOUND_SETTINGS, "credential file", "%s",
                       diag.text);
    for (c = d->config->credentials; c; c = c->next)
        if (c->from == A407_FROM_VARIABLES ||
            a407_endpoint_match(&c->endpoint, &d->proxy))
            look_at(d, c);
}
