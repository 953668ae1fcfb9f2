/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include "credential.h"

static bool parse_port(struct a407_span s, uint16_t *out)
{
    uint64_t v;
    if (s.n > 5 || !a407_span_number(s, 65535, &v))
        return false;
    *out = (uint16_t)v;
    return v >= 1;
}

/*
 * An IPv6 literal, brought to the one spelling that inet_ntop() gives, so that
 * what is configured compares equal to an address that was connected to. A
 * zone ("%eth0") stays as it is.
 */
static bool copy_ipv6(struct a407_span s, char *out)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a;
    const char *zone = s.n ? memchr(s.p, '%', s.n) : NULL;
    size_t n = zone ? (size_t)(zone - s.p) : s.n;
    if (n == 0 || n >= sizeof text)
        return false;
    memcpy(text, s.p, n);
    text[n] = '\0';
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

/*
 * A name or an IPv4 address. Bytes above 127 pass: a name may be configured in
 * the form that a resolver with IDNA takes.
 */
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
    return !s.n || (s.p[0] == ':' &&
                    parse_port(a407_span(s.p + 1, s.n - 1), &out->port));
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

/* The parts of an address are no domains: "*.0.0.1" must not fit 127.0.0.1. */
static bool is_address(const char *host)
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
        is_address(e->host))
        return 0;
    return 2 * (unsigned)n + with_port;
}
