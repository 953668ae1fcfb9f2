/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

/* What is known of one proxy. */

void a407_proxy_init(struct a407_proxy *p, const struct a407_config *config,
                     const struct a407_host *host,
                     const struct a407_endpoint *endpoint, bool configured)
{
    *p = (struct a407_proxy){.config = config,
                             .host = host,
                             .endpoint = *endpoint,
                             .configured = configured};
    if (!configured)
        return;
    const struct a407_known_proxy *known = a407_config_proxy(config, endpoint);
    p->url_has_userinfo = known && known->url_has_userinfo;
    p->n_creds = a407_config_credentials(config, endpoint, p->creds,
                                         A407_CREDENTIALS_MAX, &p->elsewhere);
    if (p->n_creds || config->mode != A407_MODE_INJECT)
        return;
    /* Nothing is configured, but this is one of the user's own proxies: the
       ticket that they may have is what it asks for. */
    p->ticket = (struct a407_credential){
        .from = A407_FROM_TICKET,
        .label = (char *)"Kerberos ticket",
        .schemes = a407_ticket_schemes(),
    };
    p->creds[p->n_creds++] = &p->ticket;
}

void a407_proxy_forget(struct a407_proxy *p)
{
    if (p->state) {
        a407_scheme_wipe(p->scheme, p->state);
        free(p->state);
    }
    p->state = NULL;
    p->scheme = NULL;
}

void a407_proxy_clear(struct a407_proxy *p)
{
    a407_proxy_forget(p);
    for (size_t i = 0; i < A407_CREDENTIALS_MAX; i++) {
        a407_credentials_free(p->standing[i].resolved);
        p->standing[i].resolved = NULL;
    }
    p->n_creds = 0;
}
