/* SPDX-License-Identifier: MIT */
#include "cli/settings.h"
#include "doctor.h"
#include "host/credfile_read.h"
#include "host/settings.h"

static void look_at(struct a407_doctor *d, const struct a407_credential *c)
{
    struct a407_buf words;

    a407_buf_init(&words, 4096);
    a407_credential_describe(&words, c);
    a407_row_good(&d->rows, A407_IN_CREDENTIAL, c->label, "for %.*s",
                  (int)words.n, words.n ? words.p : "");
    a407_buf_free(&words);
}

/* PROXY-URL was put among the proxies of the environment. */
static void name_it(const struct a407_doctor *d)
{
    struct a407_credential *c;

    for (c = d->config->credentials; d->o.proxy && c; c = c->next)
        if (c->from == A407_FROM_PROXY_URL && c->label &&
            strcmp(c->label, "AUTH407_PROXY") == 0 &&
            a407_endpoint_match(&c->endpoint, &d->proxy))
            memcpy(c->label, "PROXY-URL", sizeof "PROXY-URL");
}

void a407_doctor_credentials(struct a407_doctor *d)
{
    struct a407_diag diag = {{0}};
    size_t i;

    if (d->config->credentials_path &&
        a407_credfile_load(d->config, &diag) == A407_CREDFILE_REFUSED)
        a407_row_found(&d->rows, A407_FOUND_SETTINGS, "credential file", "%s",
                       diag.text);
    if (!d->proxy.port)
        return;
    name_it(d);
    a407_proxy_init(&d->asked, d->config, &a407_machine, &d->proxy, true);
    for (i = 0; i < d->asked.n_creds; i++)
        if (d->asked.creds[i] != &d->asked.ticket)
            look_at(d, d->asked.creds[i]);
}
