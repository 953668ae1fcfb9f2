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

static bool ends_with(struct a407_span s, const char *end)
{
    size_t n = strlen(end);

    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* The authority without userinfo and, for that scheme, the default port. */
static struct a407_span authority(struct a407_span s, struct a407_span scheme)
{
    const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
    const char *port = NULL;

    if (at)
        s = a407_span(at + 1, s.n - (size_t)(at + 1 - s.p));
    if (a407_span_ieq(scheme, "http"))
        port = ":80";
    else if (a407_span_ieq(scheme, "https"))
        port = ":443";
    else if (a407_span_ieq(scheme, "ftp"))
        port = ":21";
    if (port && ends_with(s, port))
        s.n -= strlen(port);
    return s;
}

struct target_writer {
    char *out;
    size_t n;
};

static void put(struct target_writer *w, struct a407_span s, bool lower)
{
    size_t i;

    for (i = 0; i < s.n && w->n < A407_ACCESS_TEXT_MAX; i++) {
        /* squid takes blanks out, and neither log has a use for a NUL */
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\0')
            continue;
        w->out[w->n++] = lower ? (char)a407_lower(s.p[i]) : s.p[i];
    }
}

size_t a407_access_target(struct a407_span target, char *out)
{
    struct target_writer w = {out, 0};
    struct a407_span scheme, host, path;
    const char *colon;

    target.n = find_char(target, "?#");
    colon = target.n ? memmem(target.p, target.n, "://", 3) : NULL;
    if (!colon) { /* host:port of a CONNECT */
        put(&w, authority(target, a407_span(NULL, 0)), true);
        return w.n;
    }
    scheme = a407_span(target.p, (size_t)(colon - target.p));
    host = a407_span(colon + 3, target.n - scheme.n - 3);
    path = host;
    host.n = find_char(host, "/");
    path.p += host.n;
    path.n -= host.n;
    put(&w, scheme, true);
    put(&w, a407_span_str("://"), false);
    put(&w, authority(host, scheme), true);
    put(&w, path.n ? path : a407_span_str("/"), false);
    return w.n;
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
