/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "cli/report/write/term.h"
#include "internal.h"

#define INDENT 4
#define LABEL  17 /* columns of "    proxy's log  " */
#define SHOWN  20 /* rows of a list */

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

/* Time, request, program, what it sent, outcome; number of the record. */
#define PAIRS                                                                  \
    "SELECT time_us, request, binary || ', pid ' || pid || ', to ' || proxy, " \
    "sent_words, outcome || ifnull(', read ' || nullif(final, 0), '') || "     \
    "' (' || cause || ')', id FROM pair WHERE found = ?1 "                     \
    "ORDER BY unresolved DESC, time_us, id LIMIT ?2"
/* Those of its requests that the proxy's log has: the first one has. */
#define ANSWERS                                                                \
    "SELECT words || iif(number, '', printf(' (%s%+.3f s)', who, "             \
    "round(difference_us / 1e3) / 1e3 + 0.0)) FROM answer "                    \
    "WHERE record = ?1 AND found ORDER BY number"

static void pairs(struct a407_report_access *a,
                  const struct a407_report_term *t, bool found, uint64_t total)
{
    sqlite3_stmt *row = a407_access_prepare(a, PAIRS);
    sqlite3_stmt *answer = a407_access_prepare(a, ANSWERS);
    const char *label;
    char when[32];

    sqlite3_bind_int(row, 1, found);
    sqlite3_bind_int(row, 2, SHOWN);
    while (a407_access_step(a, row)) {
        a407_report_time_local(sqlite3_column_int64(row, 0), when);
        fprintf(t->f, "\n  %s  ", when);
        bold(t, a407_access_text(row, 1), 4 + strlen(when));
        labelled(t, "program", a407_access_text(row, 2));
        labelled(t, "it sent", a407_access_text(row, 3));
        sqlite3_bind_int64(answer, 1, sqlite3_column_int64(row, 5));
        for (label = "proxy's log"; found && a407_access_step(a, answer);
             label = "then")
            labelled(t, label, a407_access_text(answer, 0));
        labelled(t, "outcome", a407_access_text(row, 4));
    }
    sqlite3_finalize(row);
    sqlite3_finalize(answer);
    if (total > SHOWN)
        more(t, total - SHOWN, ": --format json has all");
}

static void clients(struct a407_report_access *a,
                    const struct a407_report_term *t)
{
    sqlite3_stmt *row = a407_access_prepare(
        a, "SELECT words, total, first_us, last_us, list FROM stranger_words "
           "ORDER BY id LIMIT ?");

    sqlite3_bind_int(row, 1, SHOWN);
    while (a407_access_step(a, row)) {
        uint64_t total = a407_access_count(row, 1);
        char text[128], first[32], last[32];

        fputs("\n  ", t->f);
        bold(t, a407_access_text(row, 0), 2);
        a407_report_time_local(sqlite3_column_int64(row, 2), first);
        a407_report_time_local(sqlite3_column_int64(row, 3), last);
        snprintf(text, sizeof text, "%" PRIu64 "%s%s%s%s, by the proxy's clock",
                 total, total == 1 ? ": " : ": from ", first,
                 total == 1 ? "" : " to ", total == 1 ? "" : last);
        labelled(t, "407s", text);
        labelled(t, "for", a407_access_text(row, 4));
    }
    sqlite3_finalize(row);
    if (a->sums.clients > SHOWN)
        more(t, a->sums.clients - SHOWN, " clients: --format json has them");
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
        pairs(a, t, false, a->sums.without_line);
    }
    if (a->sums.matched) {
        a407_term_heading(t, "Both sides of each 407");
        pairs(a, t, true, a->sums.matched);
    }
    a407_access_say[A407_ACCESS_STRANGERS](a, text);
    if (*text) {
        a407_term_heading(t, "In the proxy's log alone");
        paragraph(t, text);
        clients(a, t);
    }
}
