/* SPDX-License-Identifier: MIT */
/* Basic (RFC 7617). */
#include "core/base/base64.h"
#include "core/base/jwt.h"
#include "core/base/text.h"
#include "scheme.h"

struct basic_state {
    bool utf8; /* the challenge said charset="UTF-8" */
};

/* RFC 7617 section 2.1: it is the only value. */
static bool wants_utf8(const struct a407_challenge *ch)
{
    return a407_param_is(ch, "charset", "UTF-8");
}

/*
 * Whether the credential can be sent. A colon would move bytes of the name into
 * the password, and controls are forbidden (RFC 7617 section 2). Where the
 * challenge asks for UTF-8, other bytes could only be misread, and cost one of
 * an account's few tries; else the encoding is undefined, and the bytes go as
 * they were configured: somebody with a Latin-1 proxy can write Latin-1.
 */
static enum a407_cause sendable(const struct a407_credential *cred, bool utf8)
{
    if (!cred->username)
        return A407_CAUSE_UNMET;
    bool good = !strchr(cred->username, ':') &&
                !a407_text_has_control(a407_span_str(cred->username)) &&
                !a407_text_has_control(a407_span_str(cred->password)) &&
                (!utf8 || a407_credential_is_utf8(cred));
    return good ? A407_CAUSE_NONE : A407_CAUSE_MALFORMED;
}

static unsigned basic_rank(const struct a407_challenge *ch,
                           const struct a407_credential *cred,
                           enum a407_cause *why)
{
    *why = sendable(cred, wants_utf8(ch));
    return *why == A407_CAUSE_NONE;
}

static bool basic_init(void *state, const struct a407_challenge *ch)
{
    struct basic_state *s = state;
    s->utf8 = wants_utf8(ch);
    return true;
}

static bool write_value(const struct a407_credential *cred,
                        struct a407_buf *out)
{
    struct a407_buf pair;
    a407_buf_init(&pair, out->max);
    bool ok = a407_buf_str(&pair, cred->username) && a407_buf_str(&pair, ":") &&
              a407_buf_str(&pair, cred->password ? cred->password : "") &&
              a407_buf_str(out, "Basic ") &&
              a407_base64_add(out, a407_span(pair.p, pair.n));
    a407_buf_free(&pair);
    return ok;
}

static enum a407_step basic_step(void *state,
                                 const struct a407_credential *cred,
                                 const struct a407_auth_request *rq,
                                 struct a407_buf *out, enum a407_cause *why)
{
    const struct basic_state *s = state;
    *why = sendable(cred, s->utf8);
    /* some gateways take a token for the password */
    if (*why == A407_CAUSE_NONE &&
        !a407_jwt_holds(a407_span_str(cred->password), rq->now))
        *why = A407_CAUSE_TOKEN_EXPIRED;
    return *why == A407_CAUSE_NONE && write_value(cred, out) ? A407_STEP_DONE
                                                             : A407_STEP_FAIL;
}

static bool basic_save(const void *state, struct a407_buf *out)
{
    const struct basic_state *s = state;
    return a407_buf_str(out, s->utf8 ? "Basic charset=UTF-8" : "Basic");
}

const struct a407_scheme a407_basic = {
    .id = A407_BASIC,
    .token = "Basic",
    .sends_secret = true,
    .secret = A407_SECRET_PASSWORD,
    .state_size = sizeof(struct basic_state),
    .rank = basic_rank,
    .init = basic_init,
    .step = basic_step,
    .save = basic_save,
};
