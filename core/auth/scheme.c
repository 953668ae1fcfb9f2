/* SPDX-License-Identifier: MIT */
#include "scheme.h"

const struct a407_scheme *a407_scheme_get(enum a407_scheme_id id)
{
    return id < A407_SCHEMES_MAX ? a407_schemes[id] : NULL;
}

a407_scheme_set a407_ticket_schemes(void)
{
    a407_scheme_set set = 0;
    for (unsigned id = 0; a407_schemes[id]; id++)
        if (a407_schemes[id]->secret == A407_SECRET_TICKET)
            set |= A407_SCHEME_BIT(id);
    return set;
}

bool a407_takes_ticket(const struct a407_challenge *ch)
{
    const struct a407_scheme *s;
    for (unsigned id = 0; (s = a407_schemes[id]); id++)
        if (s->secret == A407_SECRET_TICKET && a407_scheme_speaks(s, ch))
            return true;
    return false;
}

bool a407_scheme_speaks(const struct a407_scheme *s,
                        const struct a407_challenge *ch)
{
    return a407_span_ieq(ch->scheme, s->token) ||
           (s->also && a407_span_ieq(ch->scheme, s->also));
}

enum a407_step a407_scheme_step(const struct a407_scheme *s, void *state,
                                const struct a407_credential *cred,
                                const struct a407_auth_request *rq,
                                struct a407_buf *out, enum a407_cause *why)
{
    size_t start = out->n;
    *why = A407_CAUSE_NONE;
    enum a407_step step = s->step(state, cred, rq, out, why);
    if (step == A407_STEP_FAIL) {
        a407_buf_undo(out, start);
        if (*why == A407_CAUSE_NONE)
            *why = A407_CAUSE_PROTOCOL;
    }
    return step;
}

enum a407_reply a407_scheme_reply(const struct a407_scheme *s,
                                  const void *state,
                                  const struct a407_challenge *ch, bool fresh)
{
    return s->reply ? s->reply(state, ch, fresh) : A407_REPLY_REJECTED;
}

void a407_scheme_wipe(const struct a407_scheme *s, void *state)
{
    if (s->wipe)
        s->wipe(state);
    a407_wipe(state, s->state_size);
}

/* The password is outside and was not read yet, or was forgotten: a login
   without it would be a wrong one, and may lock the account. A URL or a section
   may well hold a name alone, which is a key then. */
static bool lacks_password(const struct a407_scheme *scheme,
                           const struct a407_credential *c)
{
    return scheme->secret == A407_SECRET_PASSWORD && !c->password &&
           (c->password_file || c->netrc || c->helper || c->lost ||
            c->from == A407_FROM_VARIABLES);
}

const struct a407_challenge *
a407_best_challenge(const struct a407_scheme *scheme,
                    const struct a407_challenges *offered,
                    const struct a407_credential *cred, const char *carrier)
{
    const struct a407_challenge *best = NULL;
    unsigned top = 0;
    for (size_t i = 0; i < offered->n; i++) {
        const struct a407_challenge *ch = &offered->item[i];
        enum a407_cause ignored;
        unsigned rank = a407_scheme_speaks(scheme, ch) &&
                                (!carrier || a407_span_ieq(ch->scheme, carrier))
                            ? scheme->rank(ch, cred, &ignored)
                            : 0;
        if (rank > top) {
            top = rank;
            best = ch;
        }
    }
    return best;
}

static bool pick(const struct a407_scheme *scheme,
                 const struct a407_challenges *offered,
                 const struct a407_credential *const *creds, size_t n_creds,
                 const a407_scheme_set *tried, struct a407_candidate *out)
{
    a407_scheme_set bit = A407_SCHEME_BIT(scheme->id);
    for (size_t i = 0; i < n_creds; i++) {
        bool usable = !(tried[i] & bit) && (creds[i]->schemes & bit) &&
                      !creds[i]->malformed.code &&
                      !lacks_password(scheme, creds[i]);
        const struct a407_challenge *ch =
            usable ? a407_best_challenge(scheme, offered, creds[i], NULL)
                   : NULL;
        *out = (struct a407_candidate){scheme, ch, creds[i], (unsigned)i};
        if (ch)
            return true;
    }
    return false;
}

/* How telling a reason is: above all what its reader can mend, provide or
   allow; last what only the proxy's owner can change. */
static const unsigned char weight[A407_CAUSE_COUNT] = {
    [A407_CAUSE_MALFORMED] = 5,   [A407_CAUSE_UNMET] = 4,
    [A407_CAUSE_NOT_ALLOWED] = 3, [A407_CAUSE_PROTOCOL] = 2,
    [A407_CAUSE_UNSUPPORTED] = 1,
};

/* Why this credential does not go with this challenge. */
static enum a407_cause obstacle(const struct a407_scheme *scheme,
                                const struct a407_challenge *ch,
                                const struct a407_credential *cred,
                                bool allowed)
{
    enum a407_cause why = A407_CAUSE_NONE;
    if (cred->malformed.code)
        why = A407_CAUSE_MALFORMED;
    else if (scheme->rank(ch, cred, &why) && lacks_password(scheme, cred))
        why = A407_CAUSE_UNMET;
    /* To allow a scheme helps only if its challenge could be answered. */
    if (!allowed && why != A407_CAUSE_UNSUPPORTED && why != A407_CAUSE_PROTOCOL)
        why = A407_CAUSE_NOT_ALLOWED;
    return why;
}

static enum a407_cause reason(const struct a407_challenges *offered,
                              a407_scheme_set ordered,
                              const struct a407_credential *const *creds,
                              size_t n_creds)
{
    enum a407_cause best = A407_CAUSE_UNSUPPORTED;
    const struct a407_scheme *s;
    for (unsigned id = 0; (s = a407_schemes[id]); id++) {
        for (size_t i = 0; i < offered->n; i++) {
            if (!a407_scheme_speaks(s, &offered->item[i]))
                continue;
            for (size_t k = 0; k < n_creds; k++) {
                bool allowed =
                    ordered & creds[k]->schemes & A407_SCHEME_BIT(id);
                enum a407_cause why =
                    obstacle(s, &offered->item[i], creds[k], allowed);
                if (weight[why] > weight[best])
                    best = why;
            }
        }
    }
    return best;
}

bool a407_choose(const struct a407_challenges *offered,
                 const enum a407_scheme_id *order, size_t n_order,
                 const struct a407_credential *const *creds, size_t n_creds,
                 const a407_scheme_set *tried, struct a407_candidate *out,
                 enum a407_cause *why)
{
    a407_scheme_set ordered = 0;
    for (size_t i = 0; i < n_order; i++) {
        const struct a407_scheme *s = a407_scheme_get(order[i]);
        if (s && pick(s, offered, creds, n_creds, tried, out)) {
            *why = A407_CAUSE_NONE;
            return true;
        }
        ordered |= A407_SCHEME_BIT(order[i]);
    }
    for (size_t i = 0; i < n_creds; i++)
        if (tried[i]) {
            *why = A407_CAUSE_REJECTED;
            return false;
        }
    if (!offered->n)
        *why =
            offered->malformed ? A407_CAUSE_PROTOCOL : A407_CAUSE_NO_CHALLENGE;
    else if (!n_creds)
        *why = A407_CAUSE_NO_CREDENTIAL;
    else
        *why = reason(offered, ordered, creds, n_creds);
    return false;
}

/* ---- which credentials are for an endpoint ---- */

/* The same secret from two places is one credential: trying it twice would
   count as two wrong logins. It is one only if it could do no more than `a`. */
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
    return cred->from == A407_FROM_VARIABLES
               ? env
               : a407_endpoint_match(&cred->endpoint, e);
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
        size_t i = 0;
        while (i < n && !repeats(p, out[i]))
            i++;
        if (i == n && n < max && f && !(p->from == A407_FROM_FILE && f < best))
            out[n++] = p;
    }
    *elsewhere = !any && c->credentials;
    return n;
}
