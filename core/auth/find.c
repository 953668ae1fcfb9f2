/* SPDX-License-Identifier: MIT */
/* Which credentials are for an endpoint. */
#include "scheme.h"

static bool same_in_kerberos(const struct a407_credential *a,
                             const struct a407_credential *b)
{
    return !(b->schemes & a407_ticket_schemes()) ||
           (a407_same_text(a->keytab, b->keytab) &&
            a407_same_text(a->service, b->service));
}

/*
 * The same secret from two places is one credential: trying it twice would
 * count as two wrong logins. It is one only if it could do no more than `a`.
 */
static bool repeats(const struct a407_credential *b,
                    const struct a407_credential *a)
{
    return a407_same_text(a->username, b->username) &&
           a407_same_text(a->password, b->password) &&
           a407_same_text(a->domain, b->domain) &&
           a407_same_text(a->token, b->token) &&
           a407_same_text(a->token_file, b->token_file) &&
           a407_same_text(a->password_file, b->password_file) &&
           a407_same_text(a->helper, b->helper) &&
           a407_same_text(a->netrc, b->netrc) && same_in_kerberos(a, b) &&
           a->malformed == b->malformed && (b->schemes & ~a->schemes) == 0;
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
