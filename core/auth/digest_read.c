/* SPDX-License-Identifier: MIT */
/* Digest: what a challenge asks for (RFC 7616 section 3.3). */
#include "core/base/auth_text.h"
#include "digest.h"

static const struct a407_digest_algorithm algorithms[] = {
    {"MD5", &nettle_md5, false, 1},
    {"MD5-sess", &nettle_md5, true, 1},
    {"SHA-256", &nettle_sha256, false, 2},
    {"SHA-256-sess", &nettle_sha256, true, 2},
    {"SHA-512-256", &nettle_sha512_256, false, 3},
    {"SHA-512-256-sess", &nettle_sha512_256, true, 3},
};

static bool read_algorithm(const struct a407_challenge *ch,
                           struct a407_digest_offer *out)
{
    const struct a407_param *p = a407_param_find(ch, "algorithm");
    out->algorithm_text = p ? p->value : a407_span(NULL, 0);
    struct a407_span name = p ? p->value : a407_span_str("MD5");
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (a407_span_ieq(name, algorithms[i].name)) {
            out->algorithm = &algorithms[i];
            return true;
        }
    return false;
}

/*
 * `auth` before `auth-int`: it needs no body, and what auth-int would protect
 * passes the proxy in the clear anyway. An empty list counts as none, as
 * RFC 2069 servers have been seen to send it. False: only unknown ones.
 */
static bool read_qop(const struct a407_challenge *ch, enum a407_digest_qop *out)
{
    const struct a407_param *p = a407_param_find(ch, "qop");
    bool unknown = false;
    *out = A407_QOP_NONE;
    struct a407_span left = p ? p->value : a407_span(NULL, 0);
    struct a407_span item;
    while (a407_span_cut(&left, ',', &item)) {
        item = a407_span_trim(item);
        if (a407_span_ieq(item, "auth")) {
            *out = A407_QOP_AUTH;
            return true;
        }
        if (a407_span_ieq(item, "auth-int"))
            *out = A407_QOP_AUTH_INT;
        else if (item.n)
            unknown = true;
    }
    return *out != A407_QOP_NONE || !unknown;
}

bool a407_digest_echoable(const struct a407_param *p)
{
    bool escaped = false;
    if (p->value.n > A407_DIGEST_VALUE_MAX)
        return false;
    for (size_t i = 0; i < p->value.n; i++) {
        char c = p->value.p[i];
        if (a407_is_ctl(c) && c != '\t')
            return false;
        if (escaped)
            escaped = false;
        else if (c == '"' || (c == '\\' && !p->quoted))
            return false;
        else
            escaped = c == '\\';
    }
    return !escaped;
}

/* False: the parameter is there, but can't go back. */
static bool read_echo(const struct a407_challenge *ch, const char *name,
                      struct a407_span *out)
{
    const struct a407_param *p = a407_param_find(ch, name);
    *out = p ? p->value : a407_span(NULL, 0);
    return !p || a407_digest_echoable(p);
}

bool a407_digest_read(const struct a407_challenge *ch,
                      struct a407_digest_offer *out, enum a407_cause *why)
{
    *out = (struct a407_digest_offer){0};
    *why = A407_CAUSE_UNSUPPORTED;
    if (!read_algorithm(ch, out) || !read_qop(ch, &out->qop))
        return false;
    *why = A407_CAUSE_PROTOCOL;
    if (!read_echo(ch, "nonce", &out->nonce) || !out->nonce.p ||
        !read_echo(ch, "realm", &out->realm) ||
        !read_echo(ch, "opaque", &out->opaque))
        return false;
    /* The realm is required, but a missing one has an obvious reading. */
    if (!out->realm.p)
        out->realm = a407_span_str("");
    out->userhash = a407_param_is(ch, "userhash", "true");
    out->utf8 = a407_param_is(ch, "charset", "UTF-8");
    *why = A407_CAUSE_NONE;
    return true;
}
