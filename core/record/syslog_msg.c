/* SPDX-License-Identifier: MIT */
#include "syslog_msg.h"

#include "core/base/line.h"

#define FACILITY_USER 1
#define HOST_MOST     255 /* RFC 5424 section 6: HOSTNAME */

/* The timestamp is the first key of each line: RFC 3339 with microseconds,
   which is RFC 5424's TIMESTAMP as well. */
#define TIME_KEY "{\"timestamp\":\""
#define TIME_LEN (sizeof("2026-01-02T03:04:05.678901Z") - 1)

static bool printable(const char *z)
{
    size_t n = strlen(z);
    for (size_t i = 0; i < n; i++)
        if (z[i] < '!' || z[i] > '~')
            return false;
    return n > 0 && n <= HOST_MOST;
}

static void add_time(struct a407_buf *out, const struct a407_buf *line)
{
    const size_t at = sizeof(TIME_KEY) - 1;
    if (line->n > at + TIME_LEN && memcmp(line->p, TIME_KEY, at) == 0)
        a407_buf_add(out, line->p + at, TIME_LEN);
    else
        a407_buf_str(out, "-");
}

bool a407_syslog_message(const struct a407_syslog_from *from,
                         struct a407_buf *line, struct a407_buf *out)
{
    size_t start = out->n;
    a407_buf_fmt(out, "<%d>1 ", FACILITY_USER * 8 + from->severity);
    add_time(out, line);
    a407_buf_str(out, " ");
    a407_buf_str(out, printable(from->host) ? from->host : "-");
    a407_buf_fmt(out, " auth407 %d %s - @cee:", from->pid, from->kind);
    size_t header = out->n - start;
    if (out->failed || !a407_line_fit(line, A407_SYSLOG_MAX - header + 1))
        return false;
    return a407_buf_add(out, line->p, line->n - 1);
}
