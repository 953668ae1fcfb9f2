/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/auth_text.h"
#include "core/base/buf.h"
#include "credential.h"

/*
 * Takes "scheme://" off the front (RFC 3986 section 3.1). Text that has no
 * well-formed scheme in front of "://" is left alone: it is part of what
 * follows, a password for instance.
 */
static bool take_scheme(struct a407_span *s, struct a407_proxy_url *out)
{
    const char *mark = s->n ? memmem(s->p, s->n, "://", 3) : NULL;
    size_t n = mark ? (size_t)(mark - s->p) : 0;
    bool formed = n > 0 && a407_is_alpha(s->p[0]);
    for (size_t i = 0; formed && i < n; i++)
        formed = a407_is_alnum(s->p[i]) || memchr("+-.", s->p[i], 3);
    if (!formed) {
        memcpy(out->scheme, "http", sizeof "http");
        return true;
    }
    if (n >= sizeof out->scheme)
        return false;
    for (size_t i = 0; i < n; i++)
        out->scheme[i] = (char)a407_lower(s->p[i]);
    out->scheme[n] = '\0';
    *s = a407_span(s->p + n + 3, s->n - n - 3);
    return true;
}

static uint16_t default_port(const char *scheme)
{
    if (strcmp(scheme, "http") == 0)
        return 80;
    return strcmp(scheme, "https") == 0 ? 443 : 1080;
}

/* host, host: or host:port; a pattern is no host. */
static bool take_host(struct a407_span s, struct a407_proxy_url *out)
{
    if (s.n && s.p[s.n - 1] == ':')
        s.n--; /* RFC 3986 section 3.2.3: the port may be empty */
    if (!a407_endpoint_parse(s, &out->endpoint) || out->endpoint.host[0] == '*')
        return false;
    out->port_given = out->endpoint.port != 0;
    if (!out->port_given)
        out->endpoint.port = default_port(out->scheme);
    return true;
}

/* Percent-decodes (RFC 3986 section 2.1). NULL: malformed, or no memory. */
static char *decode(struct a407_span s)
{
    char *z = malloc(s.n + 1);
    size_t n = 0;
    if (!z)
        return NULL;
    for (size_t i = 0; i < s.n; i++) {
        int c = (unsigned char)s.p[i];
        if (c == '%') {
            int hi = s.n - i > 2 ? a407_hex_value(s.p[i + 1]) : -1;
            int lo = hi >= 0 ? a407_hex_value(s.p[i + 2]) : -1;
            c = lo >= 0 ? hi * 16 + lo : 0; /* 0 is refused below */
            i += 2;
        }
        z[n++] = (char)c;
    }
    z[n] = '\0';
    if (!a407_text_has_control(a407_span(z, n)))
        return z;
    a407_wipe(z, n);
    free(z);
    return NULL;
}

static void take_userinfo(struct a407_span s, struct a407_proxy_url *out)
{
    const char *colon = a407_span_find(s, ':');
    out->username = decode(colon ? a407_span_before(s, colon) : s);
    if (colon)
        out->password = decode(a407_span_from(s, colon + 1));
    if (out->username && (!colon || out->password))
        return;
    out->userinfo_malformed = true;
    a407_free_secret(out->username);
    a407_free_secret(out->password);
    out->username = out->password = NULL;
}

/* The text up to what ends an authority (RFC 3986 section 3.2). */
static struct a407_span authority(struct a407_span s)
{
    size_t n = 0;
    while (n < s.n && !memchr("/?#", s.p[n], 3))
        n++;
    return a407_span(s.p, n);
}

static const char *last_at(struct a407_span s)
{
    return s.n ? memrchr(s.p, '@', s.n) : NULL;
}

bool a407_proxy_url_parse(struct a407_span s, struct a407_proxy_url *out)
{
    memset(out, 0, sizeof *out);
    s = a407_span_trim(s);
    if (!take_scheme(&s, out))
        return false;

    struct a407_span whole = authority(s);
    const char *at = last_at(whole);
    if (take_host(at ? a407_span_from(whole, at + 1) : whole, out)) {
        if (at)
            take_userinfo(a407_span_before(whole, at), out);
        return true;
    }

    /*
     * "user:a/b@host": the "/" of an unencoded password ended the authority
     * early. Clients fail on it or lose the password; what is meant is plain,
     * so the host is known and the credential is called malformed.
     */
    at = last_at(s);
    out->userinfo_malformed = at;
    return at && take_host(authority(a407_span_from(s, at + 1)), out);
}
