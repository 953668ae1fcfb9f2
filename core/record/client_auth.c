/* SPDX-License-Identifier: MIT */
#include "client_auth.h"

#include <stdlib.h>

#include "core/auth/ntlm.h"
#include "core/base/base64.h"
#include "core/base/text.h"
#include "core/http/challenge.h"
#include "redact.h"

/* Of what a token68 holds: more than any Basic credential, and than an NTLM
   message with its blob. */
#define BASIC_MAX 1024
#define NTLM_MAX  8192

/* user-id ":" password (RFC 7617 section 2). The colon's place, or NULL. */
static const char *basic_decode(struct a407_span token, char *raw, size_t *n)
{
    *n = BASIC_MAX;
    return a407_base64_decode(token, raw, n) ? memchr(raw, ':', *n) : NULL;
}

static bool holds_token(struct a407_span user)
{
    size_t i = 0;
    while (i < user.n && a407_known_token_end(user, i) == i)
        i++;
    return i < user.n;
}

void a407_put_user(char *out, size_t cap, struct a407_span user, bool password)
{
    bool key = user.n && (!password || holds_token(user));
    a407_put(out, cap, key ? a407_span_str("[redacted]") : user);
}

static void basic_user(struct a407_span token, struct a407_client_auth *out)
{
    char raw[BASIC_MAX];
    size_t n;
    const char *colon = basic_decode(token, raw, &n);
    if (colon)
        a407_put_user(out->user, sizeof out->user,
                      a407_span(raw, (size_t)(colon - raw)),
                      colon + 1 < raw + n);
    a407_wipe(raw, sizeof raw);
}

bool a407_basic_is(struct a407_span token, const struct a407_credential *c)
{
    char raw[BASIC_MAX];
    size_t n;
    const char *colon = basic_decode(token, raw, &n);
    bool same = false;
    if (colon && c->username) {
        struct a407_span user = {raw, (size_t)(colon - raw)};
        struct a407_span pass = {colon + 1, n - user.n - 1};
        same = a407_span_eq(user, c->username) &&
               a407_span_eq(pass, c->password ? c->password : "");
    }
    a407_wipe(raw, sizeof raw);
    return same;
}

/* ---- NTLM: AUTHENTICATE_MESSAGE of MS-NLMP section 2.2.1.3 ---- */

/* The text that the length, room and offset at `field` speak of. */
static struct a407_span payload(struct a407_span m, size_t field)
{
    size_t n = a407_get_le16(m.p + field), at = a407_get_le32(m.p + field + 4);
    if (at > m.n || n > m.n - at)
        return a407_span("", 0);
    return a407_span(m.p + at, n);
}

static void ntlm_names(struct a407_span m, struct a407_client_auth *out)
{
    static const size_t fixed = 64, domain = 28, user = 36, flags = 60;
    if (m.n < fixed)
        return;
    bool wide = a407_get_le32(m.p + flags) & A407_NTLM_UNICODE;
    void (*as)(char *, size_t, struct a407_span) =
        wide ? a407_put_utf16 : a407_put;
    as(out->domain, sizeof out->domain, payload(m, domain));
    as(out->user, sizeof out->user, payload(m, user));
}

/* Bare, or wrapped by SPNEGO, whose framing is of no interest here. */
static void ntlm_user(struct a407_span token, struct a407_client_auth *out)
{
    static const char signature[] = "NTLMSSP\0\3\0\0"; /* and a last NUL */
    size_t n = NTLM_MAX;
    char *raw = malloc(n);
    if (raw && a407_base64_decode(token, raw, &n)) {
        const char *at = memmem(raw, n, signature, sizeof signature);
        if (at)
            ntlm_names(a407_span(at, n - (size_t)(at - raw)), out);
    }
    a407_wipe(raw, raw ? NTLM_MAX : 0);
    free(raw);
}

/* ---- Digest ---- */

/* username*=UTF-8''J%C3%A4s%C3%B8n (RFC 7616 section 3.4, RFC 8187). */
static void extended(char *z)
{
    char *from = strchr(z, '\'');
    from = from ? strchr(from + 1, '\'') : NULL;
    char *to = z;
    for (from = from ? from + 1 : strchr(z, '\0'); *from; from++) {
        int byte = a407_percent_byte(a407_span(from, strnlen(from, 3)));
        *to++ = byte >= 0 ? (char)byte : *from;
        from += byte >= 0 ? 2 : 0;
    }
    *to = '\0';
}

static void digest_user(const struct a407_challenge *c,
                        struct a407_client_auth *out)
{
    const struct a407_param *star = a407_param_find(c, "username*");
    if (a407_param_is(c, "userhash", "true"))
        return;
    if (a407_param_text(star ? star : a407_param_find(c, "username"), out->user,
                        sizeof out->user) < 0)
        out->user[0] = '\0';
    else if (star)
        extended(out->user);
}

/* ---- all of them ---- */

/* A word that is none of these may be the secret itself, written without its
   scheme. */
static bool is_known(struct a407_span scheme)
{
    return a407_is_one_of_icase(
        scheme, "Basic Bearer Digest DPoP GNAP HOBA Kerberos Mutual Negotiate "
                "NTLM OAuth PrivateToken SCRAM-SHA-1 SCRAM-SHA-256 "
                "AWS4-HMAC-SHA256 vapid");
}

void a407_client_auth_read(struct a407_span value, struct a407_client_auth *out)
{
    struct a407_challenges *list = a407_challenges_new();
    *out = (struct a407_client_auth){0};
    if (list)
        a407_challenges_add(value, list);
    if (list && list->n && is_known(list->item[0].scheme)) {
        const struct a407_challenge *c = &list->item[0];
        a407_put(out->scheme, sizeof out->scheme, c->scheme);
        if (a407_span_ieq(c->scheme, "Basic"))
            basic_user(c->token68, out);
        else if (a407_span_ieq(c->scheme, "Digest"))
            digest_user(c, out);
        else if (a407_is_one_of_icase(c->scheme, "NTLM Negotiate"))
            ntlm_user(c->token68, out);
    }
    a407_challenges_free(list);
}
