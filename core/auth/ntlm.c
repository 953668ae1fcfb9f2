/* SPDX-License-Identifier: MIT */
/* NTLM (MS-NLMP) over HTTP (MS-NTHT), by its own name or within Negotiate. */
#include <stdlib.h>

#include "core/base/base64.h"
#include "core/base/text.h"
#include "ntlm.h"
#include "scheme.h"
#include "spnego.h"

#define NEGOTIATE "Negotiate"

/* The envelope of SPNEGO round the longest message that is believed. */
#define TOKEN_MAX (A407_NTLM_MESSAGE_MAX + 256)

/* What the session would be protected with if there were one: a proxy wants
   none of it, but all of them offer it. */
#define FLAGS                                                                  \
    (A407_NTLM_UNICODE | A407_NTLM_OEM | A407_NTLM_TARGET | A407_NTLM_NTLM |   \
     A407_NTLM_ALWAYS_SIGN | A407_NTLM_ESS | A407_NTLM_VERSION |               \
     A407_NTLM_128 | A407_NTLM_56)

/* SPNEGO's mechListMIC is a signed message. */
#define FLAGS_SPNEGO (FLAGS | A407_NTLM_SIGN | A407_NTLM_KEY_EXCH)

/* In place of this machine's name, which is no business of the proxy's; some
   servers want one. curl and Firefox send the same. */
#define WORKSTATION "WORKSTATION"

enum phase { NOTHING_SENT, TYPE1_SENT, TYPE2_TAKEN, TYPE3_SENT };

struct ntlm_state {
    enum phase phase;
    bool negotiate; /* the proxy offered it by that name */
    bool plain;     /* and answered without SPNEGO's envelope */
    char *challenge;
    size_t challenge_size;
    /* of the Type 3, if the list of mechanisms was signed with it */
    bool list_signed;
    uint32_t flags;
    uint8_t session_key[A407_NTLM_KEY_SIZE];
};

/* The user's name and domain: DOMAIN\user, unless the domain is set. A
   user@realm is a whole name, whose domain its server finds. */
static void split(const struct a407_credential *cred, struct a407_span *user,
                  struct a407_span *domain)
{
    const char *name = cred->username;
    const char *slash = strchr(name, '\\');
    *user = a407_span_str(slash ? slash + 1 : name);
    *domain = a407_span(name, slash ? (size_t)(slash - name) : 0);
    if (cred->domain && cred->domain[0])
        *domain = a407_span_str(cred->domain);
}

static enum a407_cause sendable(const struct a407_credential *cred)
{
    struct a407_span user, domain;
    if (!cred->username || !cred->username[0] || !cred->password)
        return A407_CAUSE_UNMET;
    split(cred, &user, &domain);
    bool good = user.n && a407_credential_is_utf8(cred) &&
                a407_text_is_utf8(a407_span_str(cred->domain));
    return good ? A407_CAUSE_NONE : A407_CAUSE_MALFORMED;
}

static bool is_negotiate(const struct a407_challenge *ch)
{
    return a407_span_ieq(ch->scheme, NEGOTIATE);
}

/* A challenge that goes on comes before one that begins. */
static unsigned ntlm_rank(const struct a407_challenge *ch,
                          const struct a407_credential *cred,
                          enum a407_cause *why)
{
    *why = sendable(cred);
    if (*why != A407_CAUSE_NONE)
        return 0;
    return (ch->token68.p ? 3 : 1) + !is_negotiate(ch);
}

static void forget_challenge(struct ntlm_state *s)
{
    a407_wipe(s->challenge, s->challenge_size);
    free(s->challenge);
    s->challenge = NULL;
    s->challenge_size = 0;
}

/* Takes a Type 2 out of its envelope. */
static bool unwrap(struct ntlm_state *s, struct a407_span token,
                   struct a407_span *message)
{
    struct a407_spnego_response r;
    *message = token;
    s->plain = a407_ntlm_is(token, 2);
    if (s->plain || !s->negotiate)
        return true;
    if (!a407_spnego_read_response(token, &r) || !r.token.p ||
        r.state == A407_SPNEGO_REJECT ||
        (r.mech.p && !a407_spnego_is_ntlm(r.mech)))
        return false;
    *message = r.token;
    return true;
}

/* Keeps the Type 2 whole: the MIC will be over all of its bytes. */
static bool take_challenge(struct ntlm_state *s, struct a407_span text)
{
    struct a407_buf token;
    struct a407_ntlm_challenge ignored;
    struct a407_span message;
    forget_challenge(s);
    a407_buf_init(&token, A407_BASE64_RAW(A407_BASE64_TEXT(TOKEN_MAX)));
    bool ok = a407_base64_take(&token, text) &&
              unwrap(s, a407_span(token.p, token.n), &message) &&
              a407_ntlm_read_challenge(message, &ignored);
    s->challenge = ok ? malloc(message.n) : NULL;
    if (s->challenge) {
        memcpy(s->challenge, message.p, message.n);
        s->challenge_size = message.n;
        s->phase = TYPE2_TAKEN;
    }
    a407_buf_free(&token);
    return s->challenge != NULL;
}

static bool goes_on(const struct ntlm_state *s, const struct a407_challenge *ch)
{
    return s->phase == TYPE1_SENT && ch->token68.p &&
           s->negotiate == is_negotiate(ch);
}

static bool ntlm_init(void *state, const struct a407_challenge *ch)
{
    struct ntlm_state *s = state;
    if (goes_on(s, ch))
        return take_challenge(s, ch->token68);
    forget_challenge(s);
    *s = (struct ntlm_state){.negotiate = is_negotiate(ch)};
    return true;
}

/* "NTLM " or "Negotiate ", and the token in base64. */
static bool write_value(const struct ntlm_state *s,
                        const struct a407_buf *token, struct a407_buf *out)
{
    return a407_buf_str(out, s->negotiate ? NEGOTIATE " " : "NTLM ") &&
           a407_base64_add(out, a407_span(token->p, token->n));
}

static bool write_type1(const struct ntlm_state *s, struct a407_buf *token)
{
    struct a407_buf message;
    if (!s->negotiate)
        return a407_ntlm_write_negotiate(token, FLAGS);
    a407_buf_init(&message, A407_NTLM_MESSAGE_MAX);
    bool ok = a407_ntlm_write_negotiate(&message, FLAGS_SPNEGO) &&
              a407_spnego_write_init(token, a407_span(message.p, message.n));
    a407_buf_free(&message);
    return ok;
}

/* The first and only thing that either side signs. */
static void sign_list(const struct ntlm_state *s, enum a407_ntlm_side side,
                      uint8_t mic[A407_NTLM_SIGNATURE])
{
    struct a407_ntlm_signer signer;
    a407_ntlm_signer_init(&signer, side, s->flags, s->session_key);
    a407_ntlm_sign(&signer, a407_spnego_mechs(), mic);
    a407_wipe(&signer, sizeof signer);
}

/* MS-SPNG section 3.3.5.1: where the Type 3 has a MIC the list of mechanisms
   must have one too, though there was only one to choose from. */
static bool wrap_type3(struct ntlm_state *s, const struct a407_buf *message,
                       const struct a407_ntlm_result *result,
                       struct a407_buf *token)
{
    uint32_t needed = A407_NTLM_ESS | A407_NTLM_SIGN;
    uint8_t mic[A407_NTLM_SIGNATURE];
    struct a407_span sum = {NULL, 0};
    s->list_signed = result->mic && (result->flags & needed) == needed;
    if (s->list_signed) {
        s->flags = result->flags;
        memcpy(s->session_key, result->session_key, sizeof s->session_key);
        sign_list(s, A407_NTLM_CLIENT, mic);
        sum = a407_span(mic, sizeof mic);
    }
    return a407_spnego_write_response(token, a407_span(message->p, message->n),
                                      sum);
}

static bool write_type3(struct ntlm_state *s,
                        const struct a407_credential *cred,
                        const struct a407_auth_request *rq,
                        struct a407_buf *token, enum a407_cause *why)
{
    struct a407_ntlm_login login = {
        .password = a407_span_str(cred->password),
        .workstation = a407_span_str(WORKSTATION),
        .host = rq->proxy_host,
        .flags = s->negotiate ? FLAGS_SPNEGO : FLAGS,
        .v1 = rq->ntlm_v1,
        .now = rq->now,
        .random = rq->random,
        .random_ctx = rq->random_ctx,
    };
    struct a407_ntlm_result result = {0};
    struct a407_buf message;
    split(cred, &login.user, &login.domain);
    a407_buf_init(&message, token->max);
    bool ok = a407_ntlm_write_authenticate(
        &message, &login, a407_span(s->challenge, s->challenge_size), &result,
        why);
    if (ok)
        ok = s->negotiate && !s->plain
                 ? wrap_type3(s, &message, &result, token)
                 : a407_buf_add(token, message.p, message.n);
    a407_buf_free(&message);
    a407_wipe(&result, sizeof result);
    return ok;
}

/* Where no Type 2 was taken the handshake begins, whatever was before. */
static enum a407_step ntlm_step(void *state, const struct a407_credential *cred,
                                const struct a407_auth_request *rq,
                                struct a407_buf *out, enum a407_cause *why)
{
    struct ntlm_state *s = state;
    bool last = s->phase == TYPE2_TAKEN;
    struct a407_buf token;
    *why = sendable(cred);
    if (*why != A407_CAUSE_NONE)
        return A407_STEP_FAIL;
    *why = A407_CAUSE_PROTOCOL;
    a407_buf_init(&token, 4 * A407_NTLM_MESSAGE_MAX);
    bool ok =
        last ? write_type3(s, cred, rq, &token, why) : write_type1(s, &token);
    ok = ok && write_value(s, &token, out);
    a407_buf_free(&token);
    if (!ok)
        return A407_STEP_FAIL;
    s->phase = last ? TYPE3_SENT : TYPE1_SENT;
    *why = A407_CAUSE_NONE;
    return last ? A407_STEP_DONE : A407_STEP_LEG;
}

/* The credential is in the Type 3 alone: only an answer to that judges it. */
static enum a407_reply ntlm_reply(const void *state,
                                  const struct a407_challenge *ch, bool fresh)
{
    const struct ntlm_state *s = state;
    (void)fresh;
    if (s->phase == TYPE3_SENT)
        return A407_REPLY_REJECTED;
    return goes_on(s, ch) ? A407_REPLY_CONTINUE : A407_REPLY_RESTART;
}

/* Who has the session key knows the password (RFC 4178 section 5): the list as
   the proxy signs it. */
static enum a407_mutual ntlm_prove(const void *state,
                                   const struct a407_challenge *ch)
{
    const struct ntlm_state *s = state;
    struct a407_spnego_response r;
    struct a407_buf token;
    uint8_t mic[A407_NTLM_SIGNATURE];
    enum a407_mutual proved = A407_MUTUAL_FAILED;
    a407_buf_init(&token, A407_BASE64_RAW(A407_BASE64_TEXT(TOKEN_MAX)));
    if (!s->list_signed || s->phase != TYPE3_SENT)
        proved = A407_MUTUAL_ABSENT;
    else if (a407_base64_take(&token, ch->token68) &&
             a407_spnego_read_response(a407_span(token.p, token.n), &r)) {
        sign_list(s, A407_NTLM_SERVER, mic);
        if (!r.mic.p)
            proved = A407_MUTUAL_ABSENT;
        else if (r.mic.n == sizeof mic && memcmp(r.mic.p, mic, sizeof mic) == 0)
            proved = A407_MUTUAL_VERIFIED;
    }
    a407_buf_free(&token);
    return proved;
}

static void ntlm_wipe(void *state)
{
    forget_challenge(state);
}

const struct a407_scheme a407_ntlm = {
    .id = A407_NTLM,
    .token = "NTLM",
    .also = NEGOTIATE,
    .per_connection = true,
    .secret = A407_SECRET_PASSWORD,
    .state_size = sizeof(struct ntlm_state),
    .rank = ntlm_rank,
    .init = ntlm_init,
    .step = ntlm_step,
    .reply = ntlm_reply,
    .prove = ntlm_prove,
    .wipe = ntlm_wipe,
};
