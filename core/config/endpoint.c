/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/text.h"
#include "credential.h"

static bool parse_port(struct a407_span s, uint16_t *out)
{
    uint64_t v;
    if (s.n > 5 || !a407_span_number(s, 65535, &v))
        return false;
    *out = (uint16_t)v;
    return v >= 1;
}

/* An IPv6 literal in the spelling of inet_ntop(), as that of an address which
   was connected to. A zone ("%eth0") stays as it is. */
static bool copy_ipv6(struct a407_span s, char *out)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a;
    const char *zone = a407_span_find(s, '%');
    size_t n = zone ? (size_t)(zone - s.p) : s.n;
    a407_put(text, sizeof text, a407_span(s.p, n));
    if (strlen(text) != n || inet_pton(AF_INET6, text, &a) != 1 ||
        !inet_ntop(AF_INET6, &a, out, INET6_ADDRSTRLEN))
        return false;
    if (!zone)
        return true;
    size_t used = strlen(out), zn = s.n - n;
    if (zn < 2 || used + zn > A407_HOST_MAX)
        return false;
    for (size_t i = 0; i < zn; i++) {
        unsigned char c = (unsigned char)zone[i];
        if (c <= ' ' || c >= 0x7f || strchr("[]/@,", c))
            return false;
    }
    memcpy(out + used, zone, zn);
    out[used + zn] = '\0';
    return true;
}

/* A name or an IPv4 address. Bytes above 127 pass: a name may be configured in
   the form that a resolver with IDNA takes. */
static bool copy_host(struct a407_span s, char *out)
{
    size_t at = 0;
    if (s.n && s.p[s.n - 1] == '.')
        s.n--;
    if (s.n == 0 || s.n > A407_HOST_MAX)
        return false;
    if (s.n >= 2 && s.p[0] == '*' && s.p[1] == '.') {
        at = 2;
        if (s.n == 2)
            return false;
    }
    if (s.p[at] == '.')
        return false;
    memcpy(out, s.p, at);
    for (; at < s.n; at++) {
        unsigned char c = (unsigned char)s.p[at];
        if (c <= ' ' || c == 0x7f || strchr("*:/?#@[]\"'\\,;=%<>", c))
            return false;
        out[at] = (char)a407_lower(s.p[at]);
    }
    out[s.n] = '\0';
    return true;
}

static bool parse_bracketed(struct a407_span s, struct a407_endpoint *out)
{
    const char *end = a407_span_find(s, ']');
    if (!end ||
        !copy_ipv6(a407_span(s.p + 1, (size_t)(end - s.p) - 1), out->host))
        return false;
    s = a407_span_from(s, end + 1);
    return !s.n || (a407_span_take(&s) == ':' && parse_port(s, &out->port));
}

bool a407_endpoint_parse(struct a407_span s, struct a407_endpoint *out)
{
    memset(out, 0, sizeof *out);
    if (s.n == 0)
        return false;
    if (s.p[0] == '[')
        return parse_bracketed(s, out);
    const char *colon = a407_span_find(s, ':');
    if (!colon)
        return copy_host(s, out->host);
    return copy_host(a407_span_before(s, colon), out->host) &&
           parse_port(a407_span_from(s, colon + 1), &out->port);
}

void a407_endpoint_text(const struct a407_endpoint *e, char *out, size_t cap)
{
    bool v6 = strchr(e->host, ':') != NULL;
    char port[8] = "";

    if (e->port)
        snprintf(port, sizeof port, ":%u", e->port);
    snprintf(out, cap, "%s%s%s%s", v6 ? "[" : "", e->host, v6 ? "]" : "", port);
}

void a407_endpoint_add(struct a407_buf *b, const struct a407_endpoint *e)
{
    char text[A407_HOST_MAX + 16];

    a407_endpoint_text(e, text, sizeof text);
    a407_buf_str(b, text);
}

bool a407_is_address(const char *host)
{
    struct in_addr a4;
    return strchr(host, ':') || inet_pton(AF_INET, host, &a4) == 1;
}

unsigned a407_endpoint_match(const struct a407_endpoint *pattern,
                             const struct a407_endpoint *e)
{
    if (pattern->port && pattern->port != e->port)
        return 0;
    unsigned with_port = pattern->port != 0;
    if (strcmp(pattern->host, e->host) == 0 && e->host[0] && e->host[0] != '*')
        return 2 * (A407_HOST_MAX + 1) + with_port;
    if (pattern->host[0] != '*' || pattern->host[1] != '.')
        return 0;
    const char *suffix = pattern->host + 1; /* with its dot */
    size_t n = strlen(suffix), host_n = strlen(e->host);
    if (host_n <= n || strcmp(e->host + host_n - n, suffix) != 0 ||
        a407_is_address(e->host)) /* "*.0.0.1" must not fit 127.0.0.1 */
        return 0;
    return 2 * (unsigned)n + with_port;
}

/* ---- proxy URLs ---- */

/* Takes "scheme://" off the front (RFC 3986 section 3.1). Text that is no
   scheme may be the beginning of a password with "://" in it. */
static bool take_scheme(struct a407_span *s, struct a407_proxy_url *out)
{
    struct a407_span left = *s,
                     scheme = a407_span_run(&left, a407_is_scheme_char);
    if (!scheme.n || !a407_is_alpha(scheme.p[0]) ||
        !a407_span_begins(left, "://"))
        scheme = a407_span_str("http");
    else
        *s = a407_span_skip(left, 3);
    a407_put(out->scheme, sizeof out->scheme, scheme);
    for (char *p = out->scheme; *p; p++)
        *p = (char)a407_lower(*p);
    return scheme.n < sizeof out->scheme;
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

/* Percent-decodes (RFC 3986 section 2.1). NULL: out->malformed tells why, or
   there is no memory. */
static char *decode(struct a407_span s, enum a407_lint_part part,
                    struct a407_proxy_url *out)
{
    enum a407_lint_code wrong = A407_LINT_NONE;
    char *z = a407_secret_alloc(s.n + 1);
    size_t n = 0;
    while (z && s.n && !wrong) {
        bool coded = s.p[0] == '%';
        int byte = coded ? a407_percent_byte(s) : s.p[0];
        if (coded && byte < 0)
            wrong = A407_LINT_ENCODING_BROKEN;
        else
            z[n++] = (char)byte;
        s = a407_span_skip(s, coded && !wrong ? 3 : 1);
    }
    if (z && !wrong)
        wrong = a407_lint_control(a407_span(z, n));
    if (z && !wrong) {
        z[n] = '\0';
        return z;
    }
    out->malformed = (struct a407_finding){wrong, part};
    if (z)
        a407_wipe(z, n);
    a407_secret_free(z);
    return NULL;
}

static void take_userinfo(struct a407_span s, struct a407_proxy_url *out)
{
    const char *colon = a407_span_find(s, ':');
    out->username =
        decode(colon ? a407_span_before(s, colon) : s, A407_LINT_USERNAME, out);
    if (colon)
        out->password =
            decode(a407_span_from(s, colon + 1), A407_LINT_PASSWORD, out);
    if (!out->username || (colon && !out->password))
        a407_proxy_url_clear(out);
}

void a407_proxy_url_clear(struct a407_proxy_url *url)
{
    a407_free_secret(url->username);
    a407_free_secret(url->password);
    url->username = url->password = NULL;
}

static bool is_authority_char(char c)
{
    return !memchr("/?#", c, 3);
}

/* The text up to what ends an authority (RFC 3986 section 3.2). */
static struct a407_span authority(struct a407_span s)
{
    return a407_span_run(&s, is_authority_char);
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

    /* "user:a/b@host": the "/" of an unencoded password ended the authority
       early. What is meant is plain, but clients fail on it. */
    at = last_at(s);
    if (at)
        out->malformed =
            (struct a407_finding){A407_LINT_URL_CUT, A407_LINT_USERINFO};
    return at && take_host(authority(a407_span_from(s, at + 1)), out);
}
