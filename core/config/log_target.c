/* SPDX-License-Identifier: MIT */
#include "log_target.h"

#include <arpa/inet.h>

#define SYSLOG "syslog"

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_numeric(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 ||
           inet_pton(AF_INET6, host, &any) == 1;
}

static bool syslog_target(const char *text, struct a407_log_target *out)
{
    const char *rest = text + strlen(SYSLOG);
    if (!*rest) {
        out->kind = A407_TO_SYSLOG;
        out->path = A407_SYSLOG_SOCKET;
        return true;
    }
    if (!has_prefix(rest, "://")) {
        out->kind = A407_TO_SYSLOG;
        out->path = rest + 1;
        return rest[1] == '/';
    }
    out->kind = A407_TO_UDP;
    if (!a407_endpoint_parse(a407_span_str(rest + 3), &out->remote) ||
        !is_numeric(out->remote.host))
        return false;
    if (out->remote.port == 0)
        out->remote.port = A407_SYSLOG_PORT;
    return true;
}

bool a407_log_target(const char *text, struct a407_log_target *out)
{
    *out = (struct a407_log_target){.kind = A407_TO_FILE, .path = text};
    if (strcmp(text, "stderr") == 0)
        out->kind = A407_TO_STDERR;
    else if (strcmp(text, "none") == 0)
        out->kind = A407_TO_NOWHERE;
    else if (strcmp(text, "journald") == 0)
        out->kind = A407_TO_JOURNALD;
    else if (strcmp(text, SYSLOG) == 0 || has_prefix(text, SYSLOG ":"))
        return syslog_target(text, out);
    return true;
}

bool a407_log_is_word(const char *text)
{
    struct a407_log_target t;
    return !a407_log_target(text, &t) || t.kind != A407_TO_FILE;
}

bool a407_size_parse(struct a407_span s, uint64_t *out)
{
    const uint64_t limit = (uint64_t)1 << 62;
    static const char units[] = "kmg";
    unsigned shift = 0;
    const char *unit = s.n > 1 ? strchr(units, a407_lower(s.p[s.n - 1])) : NULL;
    if (unit && *unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        s.n--;
    }
    uint64_t v = 0;
    if (!a407_span_number(s, (limit >> shift) - 1, &v))
        return false;
    *out = v << shift;
    return true;
}
