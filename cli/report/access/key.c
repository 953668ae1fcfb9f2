/* SPDX-License-Identifier: MIT */
#include "internal.h"

static size_t find_char(struct a407_span s, const char *set)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] && strchr(set, s.p[i]))
            break;
    return i;
}

/* The authority without userinfo and, for that scheme, the default port. */
static struct a407_span authority(struct a407_span s, struct a407_span scheme)
{
    static const char *const ports[][2] = {
        {"http", ":80"}, {"https", ":443"}, {"ftp", ":21"}};
    const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
    size_t i, n;

    if (at)
        s = a407_span_from(s, at + 1);
    for (i = 0; i < sizeof ports / sizeof *ports; i++) {
        n = strlen(ports[i][1]);
        if (a407_span_ieq(scheme, ports[i][0]) && s.n >= n &&
            memcmp(s.p + s.n - n, ports[i][1], n) == 0)
            s.n -= n;
    }
    return s;
}

/* Appends, and returns the new length. */
static size_t put(char *out, size_t at, struct a407_span s, bool lower)
{
    size_t i;

    for (i = 0; i < s.n && at < A407_ACCESS_TEXT_MAX; i++) {
        /* squid takes blanks out, and neither log has a use for a NUL */
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\0')
            continue;
        out[at++] = lower ? (char)a407_lower(s.p[i]) : s.p[i];
    }
    return at;
}

size_t a407_access_target(struct a407_span target, char *out)
{
    struct a407_span scheme, host, path;
    const char *colon;
    size_t n;

    target.n = find_char(target, "?#");
    colon = target.n ? memmem(target.p, target.n, "://", 3) : NULL;
    if (!colon) /* host:port of a CONNECT */
        return put(out, 0, authority(target, a407_span(NULL, 0)), true);
    scheme = a407_span_before(target, colon);
    host = a407_span_from(target, colon + 3);
    path = a407_span_from(host, host.p + find_char(host, "/"));
    host = a407_span_before(host, path.p);
    n = put(out, 0, scheme, true);
    n = put(out, n, a407_span_str("://"), false);
    n = put(out, n, authority(host, scheme), true);
    return put(out, n, path.n ? path : a407_span_str("/"), false);
}

int64_t a407_access_key(struct a407_span method, struct a407_span target,
                        int status)
{
    uint64_t h = a407_hash_text(A407_HASH_START, method);

    h = a407_hash_byte(a407_hash_text(h, target), (unsigned)status);
    return (int64_t)h;
}

int64_t a407_access_user(struct a407_span user)
{
    uint64_t h = A407_HASH_START;
    size_t i;

    for (i = 0; i < user.n; i++) /* squid puts names in lower case */
        h = a407_hash_byte(h, a407_lower(user.p[i]));
    return user.n ? (int64_t)(h | 1) : 0;
}
