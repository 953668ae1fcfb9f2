/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CAP A407_ACCESS_WORDS

/* Appends; what does not fit is left out. */
__attribute__((format(printf, 2, 3))) static void add(char *out,
                                                      const char *fmt, ...)
{
    size_t at = strlen(out);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(out + at, CAP - at, fmt, ap);
    va_end(ap);
}

static void add_count(char *out, uint64_t n, const char *one, const char *many)
{
    add(out, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

static void say_files(const struct a407_report_access *a, char *out)
{
    const struct a407_access_sums *s = &a->sums;
    size_t i;

    out[0] = '\0';
    for (i = 0; i < a->n_files && i < 3; i++)
        add(out, "%s%.256s", i ? ", " : "", a->names[i]);
    if (a->n_files > 3)
        add(out, " and %zu more", a->n_files - 3);
    add(out, ": ");
    add_count(out, s->lines, "line", "lines");
    add(out, ", %" PRIu64 " of them 407", s->lines_407);
    if (s->unreadable)
        add(out, "; %" PRIu64 " could not be read", s->unreadable);
}

static void say_matches(const struct a407_report_access *a, char *out)
{
    const struct a407_access_sums *s = &a->sums;
    uint64_t by_time = s->matched - s->by_port;

    out[0] = '\0';
    if (s->records == 0) {
        add(out, "The records hold no 407 to look for.");
        return;
    }
    add(out, "%" PRIu64 " of ", s->matched);
    add_count(out, s->records, "record with a 407 ", "records with a 407 ");
    add(out, "%s in the proxy's log", s->matched == 1 ? "is" : "are");
    if (s->by_port)
        add(out, ": %" PRIu64 " found by the connection's port", s->by_port);
    if (by_time)
        add(out, "%s%" PRIu64 " %sby request, status and time",
            s->by_port ? ", " : ": ", by_time, s->by_port ? "" : "found ");
    add(out, ".");
    if (s->ports_differ)
        add(out,
            " The ports of %" PRIu64 " differ: addresses are translated "
            "on the way, or these are requests of others.",
            s->ports_differ);
    else if (by_time && !s->ports)
        add(out, " A log that has the client's port makes this exact: see "
                 "\"Proxy logs\" in auth407(1).");
}

/* "2 h 0 min 3.2 s" */
static void add_duration(char *out, int64_t us)
{
    int64_t tenths = (us + 50000) / 100000;

    if (tenths >= 36000)
        add(out, "%" PRId64 " h ", tenths / 36000);
    if (tenths >= 600)
        add(out, "%" PRId64 " min ", tenths / 600 % 60);
    add(out, "%d.%d s", (int)(tenths % 600 / 10), (int)(tenths % 10));
}

static void say_clock(const struct a407_report_access *a, char *out)
{
    const struct a407_access_sums *s = &a->sums;
    int64_t off = llabs(s->offset_us);

    out[0] = '\0';
    if (!s->offset_known)
        return;
    if (off < (s->offset_coarse ? 1000000 : 100000)) {
        add(out, "Both clocks agree%s.",
            s->offset_coarse ? " to the second that the proxy's log has" : "");
        return;
    }
    add(out, "The proxy's clock is ");
    add_duration(out, off);
    add(out, " %s this machine's (the median of %s).",
        s->offset_us > 0 ? "ahead of" : "behind",
        s->offset_by_port ? "the pairs whose ports are equal"
                          : "all pairs, found by time");
    if (s->shifted)
        add(out, " That was allowed for.");
}

static void say_missing(const struct a407_report_access *a, char *out)
{
    const struct a407_access_sums *s = &a->sums;

    out[0] = '\0';
    if (s->without_line == 0)
        return;
    add(out, "The proxy's log does not have ");
    add_count(out, s->without_line, "of them", "of them");
    add(out, ": that answer came from somewhere else, such as another proxy "
             "on the way");
    if (!s->offset_known)
        add(out, "; or the clocks differ, or the log is of another time");
    add(out, ".");
}

static void say_strangers(const struct a407_report_access *a, char *out)
{
    const struct a407_access_sums *s = &a->sums;

    out[0] = '\0';
    if (s->without_record == 0)
        return;
    add_count(out, s->without_record, "line of the proxy's log with a 407 has",
              "lines of the proxy's log with a 407 have");
    add(out, " no record: sent to programs that did not run under auth407, or "
             "on other machines.");
}

void (*const a407_access_say[])(const struct a407_report_access *, char *) = {
    say_files, say_matches, say_clock, say_missing, say_strangers};
