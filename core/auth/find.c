/* SPDX-License-Identifier: MIT */
/* Which credentials are for an endpoint. */
#include "scheme.h"

/*
 * The same secret from two places is one credential: trying it twice would
 * count as two wrong logins. It is one only if it could do no more than `a`.
 */
static bool repeats(const struct a407_credential *b,
                    const struct a407_credential *a)
{
    bool kerberos = b->schemes & a407_ticket_schemes();
    return a407_credential_same(a, b, kerberos) &&
           (b->schemes & ~a->schemes) == 0;
}

/* How well a credential is meant for the endpoint: 0 not at all. */
static unsigned fit(const struct a407_credential *cred,
                    const struct a407_endpoint *e, bool env)
{
    if (cred->from == A407_FROM_VARIABLES)
        return env;
    return a407_endpoint_match(&cred->endpoint, e);
}

size_t a407_config_credentials(const struct a407_config *c,
                               const struct a407_endpoint *e,
                               const struct a407_credential **out, size_t max,
                               bool *elsewhere)
{
    const struct a407_known_proxy *k = a407_config_proxy(c, e);
    bool env = k && k->from_environment, any = false;
    unsigned best = 0; /* of the file's sections */
    size_t n = 0;
    for (const struct a407_credential *p = c->credentials; p; p = p->next) {
        unsigned f = fit(p, e, env);
        if (p->from == A407_FROM_FILE && f > best)
            best = f;
        any = any || f;
    }
    for (const struct a407_credential *p = c->credentials; p; p = p->next) {
        unsigned f = fit(p, e, env);
        bool seen =
            n >= max || f == 0 || (p->from == A407_FROM_FILE && f < best);
        for (size_t i = 0; !seen && i < n; i++)
            seen = repeats(p, out[i]);
        if (!seen)
            out[n++] = p;
    }
    *elsewhere = !any && c->credentials;
    return n;
}
