/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "cli/report/write/term.h"
#include "words.h"

#define INDENT 4
#define LABEL  17 /* columns of "    proxy's log  " */

static void paragraph(const struct a407_report_term *t, const char *text)
{
    if (*text)
        a407_term_say(t, 2, 2, "%s", text);
}

static void labelled(const struct a407_report_term *t, const char *label,
                     const char *text)
{
    fprintf(t->f, "%*s", INDENT, "");
    a407_term_style(t, A407_DIM);
    a407_term_cell(t, label, LABEL - INDENT, true);
    a407_term_style(t, A407_PLAIN);
    a407_term_wrap(t, text, LABEL, LABEL);
}

/* What a row is about: from a column on, in bold. */
static void bold(const struct a407_report_term *t, const char *text, size_t at)
{
    a407_term_style(t, A407_BOLD);
    a407_term_wrap(t, text, at, INDENT);
    a407_term_style(t, A407_PLAIN);
}

/* A list is not shown whole. */
static void more(const struct a407_report_term *t, uint64_t n, const char *what)
{
    fputc('\n', t->f);
    a407_term_say(t, 2, 2, "... and %" PRIu64 " more%s", n, what);
}

static void title(const struct a407_report_term *t, sqlite3_stmt *row)
{
    char when[32];

    a407_report_time_local(sqlite3_column_int64(row, A407_PAIR_TIME), when);
    fprintf(t->f, "\n  %s  ", when);
    bold(t, a407_access_text(row, A407_PAIR_REQUEST), 4 + strlen(when));
}

static void program(const struct a407_report_term *t, sqlite3_stmt *row)
{
    char text[A407_ACCESS_WORDS];

    snprintf(text, sizeof text, "%s, pid %lld, to %s",
             a407_access_text(row, A407_PAIR_BINARY),
             sqlite3_column_int64(row, A407_PAIR_PID),
             a407_access_text(row, A407_PAIR_PROXY));
    labelled(t, "program", text);
    labelled(t, "it sent", a407_access_text(row, A407_PAIR_SENT_WORDS));
}

/* Those of its requests that the proxy's log has: the first one has. */
static void proxy_side(const struct a407_report_term *t,
                       struct a407_access_rows *r)
{
    char text[A407_ACCESS_WORDS], difference[32];
    const char *who;

    a407_access_rows_part(r);
    who = a407_access_text(r->part, A407_LEG_WHO);
    a407_access_say_seconds(sqlite3_column_int64(r->part, A407_LEG_DIFFERENCE),
                            difference);
    snprintf(text, sizeof text, "%s (%s%s%s)",
             a407_access_text(r->part, A407_LEG_WORDS), who, *who ? "; " : "",
             difference);
    labelled(t, "proxy's log", text);
    while (a407_access_rows_part(r))
        if (sqlite3_column_int(r->part, A407_LEG_FOUND))
            labelled(t, "then", a407_access_text(r->part, A407_LEG_WORDS));
}

static void outcome(const struct a407_report_term *t, sqlite3_stmt *row)
{
    int status = sqlite3_column_int(row, A407_PAIR_FINAL);
    char text[A407_ACCESS_WORDS], read[32] = "";

    if (status)
        snprintf(read, sizeof read, ", read %d", status);
    snprintf(text, sizeof text, "%s%s (%s)",
             a407_access_text(row, A407_PAIR_OUTCOME), read,
             a407_access_text(row, A407_PAIR_CAUSE));
    labelled(t, "outcome", text);
}

static void pairs(struct a407_report_access *a,
                  const struct a407_report_term *t,
                  enum a407_access_which which, uint64_t total)
{
    struct a407_access_rows r;

    a407_access_rows_start(&r, a, which, A407_ACCESS_SHOWN);
    while (a407_access_rows_next(&r)) {
        title(t, r.row);
        program(t, r.row);
        if (which == A407_PAIRS_FOUND)
            proxy_side(t, &r);
        outcome(t, r.row);
    }
    a407_access_rows_end(&r);
    if (total > A407_ACCESS_SHOWN)
        more(t, total - A407_ACCESS_SHOWN, ": --format json has all");
}

static void client(const struct a407_report_term *t, sqlite3_stmt *row)
{
    uint64_t total = a407_access_count(row, A407_CLIENT_TOTAL);
    char text[A407_ACCESS_WORDS], first[32], last[32];

    fputs("\n  ", t->f);
    bold(t, a407_access_text(row, A407_CLIENT_WORDS), 2);
    a407_report_time_local(sqlite3_column_int64(row, A407_CLIENT_FIRST), first);
    a407_report_time_local(sqlite3_column_int64(row, A407_CLIENT_LAST), last);
    snprintf(text, sizeof text, "%" PRIu64 "%s%s%s%s, by the proxy's clock",
             total, total == 1 ? ": " : ": from ", first,
             total == 1 ? "" : " to ", total == 1 ? "" : last);
    labelled(t, "407s", text);
    labelled(t, "for", a407_access_text(row, A407_CLIENT_TARGETS));
}

static void clients(struct a407_report_access *a,
                    const struct a407_report_term *t)
{
    struct a407_access_rows r;

    a407_access_rows_start(&r, a, A407_CLIENTS, A407_ACCESS_SHOWN);
    while (a407_access_rows_next(&r))
        client(t, r.row);
    a407_access_rows_end(&r);
    if (a->sums.clients > A407_ACCESS_SHOWN)
        more(t, a->sums.clients - A407_ACCESS_SHOWN,
             " clients: --format json has them");
}

void a407_report_access_text(struct a407_report_access *a,
                             const struct a407_report_term *t)
{
    char text[A407_ACCESS_WORDS];
    size_t i;

    a407_term_heading(t, "The proxy's own log");
    for (i = 0; i < A407_ACCESS_SUMMARY; i++) {
        a407_access_say[i](a, text);
        paragraph(t, text);
    }
    a407_access_say[A407_ACCESS_MISSING](a, text);
    if (*text) {
        a407_term_heading(t, "In the records alone");
        paragraph(t, text);
        pairs(a, t, A407_PAIRS_MISSING, a->sums.without_line);
    }
    if (a->sums.matched) {
        a407_term_heading(t, "Both sides of each 407");
        pairs(a, t, A407_PAIRS_FOUND, a->sums.matched);
    }
    a407_access_say[A407_ACCESS_STRANGERS](a, text);
    if (*text) {
        a407_term_heading(t, "In the proxy's log alone");
        paragraph(t, text);
        clients(a, t);
    }
}
