/* SPDX-License-Identifier: MIT */
/* Bearer (RFC 6750), said to a proxy with RFC 9110's challenge. */
#include "core/base/jwt.h"
#include "scheme.h"

/* b64token of RFC 6750 section 2.1, the token68 of RFC 9110 section 11.2. */
static bool is_b64token(const char *z)
{
    const char *p = z;
    while (a407_is_token68_char(*p))
        p++;
    return p > z && p[strspn(p, "=")] == '\0';
}

static enum a407_cause sendable(const struct a407_credential *cred)
{
    if (!cred->token)
        return A407_CAUSE_UNMET;
    return is_b64token(cred->token) ? A407_CAUSE_NONE : A407_CAUSE_MALFORMED;
}

static unsigned bearer_rank(const struct a407_challenge *ch,
                            const struct a407_credential *cred,
                            enum a407_cause *why)
{
    (void)ch;
    *why = sendable(cred);
    return *why == A407_CAUSE_NONE;
}

static bool bearer_init(void *state, const struct a407_challenge *ch)
{
    (void)state, (void)ch;
    return true;
}

static enum a407_step bearer_step(void *state,
                                  const struct a407_credential *cred,
                                  const struct a407_auth_request *rq,
                                  struct a407_buf *out, enum a407_cause *why)
{
    (void)state;
    *why = sendable(cred);
    if (*why != A407_CAUSE_NONE)
        return A407_STEP_FAIL;
    if (!a407_jwt_holds(a407_span_str(cred->token), rq->now)) {
        *why = A407_CAUSE_TOKEN_EXPIRED;
        return A407_STEP_FAIL;
    }
    return a407_buf_str(out, "Bearer ") && a407_buf_str(out, cred->token)
               ? A407_STEP_DONE
               : A407_STEP_FAIL;
}

const struct a407_scheme a407_bearer = {
    .id = A407_BEARER,
    .token = "Bearer",
    .sends_secret = true,
    .secret = A407_SECRET_TOKEN,
    .state_size = 1, /* nothing of the challenge is needed */
    .rank = bearer_rank,
    .init = bearer_init,
    .step = bearer_step,
};
