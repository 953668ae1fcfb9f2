/* SPDX-License-Identifier: MIT */
/* Negotiate (RFC 4559) with Kerberos. The tokens are made outside, by GSSAPI;
   here is only how they go over the wire. NTLM under this name is in ntlm.c. */
#include "core/base/base64.h"
#include "core/http/http.h"
#include "scheme.h"

/* In base64 it could not be longer: the whole head is bounded. */
#define TOKEN_MAX A407_HEAD_MAX

/* Kerberos is done in one or two, with SPNEGO in three or four; a proxy that
   asks for ever would be answered for ever. */
#define LEGS_MAX 8

struct negotiate_state {
    struct a407_buf token; /* the proxy's; empty in the first leg */
    bool first;            /* there is none */
    unsigned legs;         /* tokens sent so far */
};

/* A ticket may be there whatever else the credential has or lacks. */
static unsigned negotiate_rank(const struct a407_challenge *ch,
                               const struct a407_credential *cred,
                               enum a407_cause *why)
{
    (void)ch, (void)cred;
    *why = A407_CAUSE_NONE;
    return 1;
}

static void negotiate_wipe(void *state)
{
    struct negotiate_state *s = state;
    a407_buf_free(&s->token);
}

static bool negotiate_init(void *state, const struct a407_challenge *ch)
{
    struct negotiate_state *s = state;
    unsigned legs = s->legs;
    negotiate_wipe(s);
    s->legs = 0;
    a407_buf_init(&s->token, A407_BASE64_RAW(A407_BASE64_TEXT(TOKEN_MAX)));
    /* a token that comes before any of ours is no answer to it */
    s->first = !ch || !ch->token68.p || !legs;
    if (s->first)
        return true;
    s->legs = legs;
    return a407_base64_take(&s->token, ch->token68) && s->token.n &&
           s->token.n <= TOKEN_MAX;
}

static struct a407_span negotiate_outside(const void *state)
{
    const struct negotiate_state *s = state;
    return s->first ? a407_span(NULL, 0) : a407_span(s->token.p, s->token.n);
}

static enum a407_step negotiate_step(void *state,
                                     const struct a407_credential *cred,
                                     const struct a407_auth_request *rq,
                                     struct a407_buf *out, enum a407_cause *why)
{
    struct negotiate_state *s = state;
    (void)cred, (void)why;
    if (!rq->token.p)
        return A407_STEP_NEED_TOKEN;
    if (!rq->token.n || !a407_buf_str(out, "Negotiate ") ||
        !a407_base64_add(out, rq->token))
        return A407_STEP_FAIL;
    s->legs++;
    return A407_STEP_DONE;
}

/* The acceptor goes on, or is back where it began: it has refused our token
   (RFC 4559 section 4). */
static enum a407_reply
negotiate_reply(const void *state, const struct a407_challenge *ch, bool fresh)
{
    const struct negotiate_state *s = state;
    (void)fresh;
    return ch->token68.p && s->legs < LEGS_MAX ? A407_REPLY_CONTINUE
                                               : A407_REPLY_REJECTED;
}

const struct a407_scheme a407_negotiate = {
    .id = A407_NEGOTIATE,
    .token = "Negotiate",
    .per_connection = true,
    .unasked = true,
    .secret = A407_SECRET_TICKET,
    .state_size = sizeof(struct negotiate_state),
    .rank = negotiate_rank,
    .init = negotiate_init,
    .step = negotiate_step,
    .reply = negotiate_reply,
    .wipe = negotiate_wipe,
    .outside = negotiate_outside,
};
