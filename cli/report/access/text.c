/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/msg.h"
#include "cli/report/write/term.h"
#include "words.h"

#define INDENT 4
#define LABEL  17 /* columns of "    proxy's log  " */

static void heading(const struct a407_report_term *t, const char *text)
{
    fputc('\n', t->f);
    a407_term_style(t, A407_BOLD);
    a407_term_put(t, text);
    a407_term_style(t, A407_PLAIN);
    fputc('\n', t->f);
}

static void paragraph(const struct a407_report_term *t, const char *text)
{
    if (!*text)
        return;
    fputs("  ", t->f);
    a407_term_wrap(t, text, 2, 2);
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
    char text[96];

    snprintf(text, sizeof text, "... and %" PRIu64 " more%s", n, what);
    fputc('\n', t->f);
    paragraph(t, text);
}

static void title(const struct a407_report_term *t,
                  const struct a407_access_record *r)
{
    char when[32], text[2 * A407_ACCESS_WORDS], target[A407_ACCESS_WORDS];

    a407_report_time_local(r->time_us, when);
    a407_access_say_span(r->method, text);
    a407_access_say_span(r->target, target);
    snprintf(text + strlen(text), sizeof text - strlen(text), " %s", target);
    fprintf(t->f, "\n  %s  ", when);
    bold(t, text, 4 + strlen(when));
}

/* "/usr/bin/curl (libcurl.so.4), pid 77, to proxy.test:3128" */
static void program(const struct a407_report_term *t,
                    const struct a407_access_record *r)
{
    char text[A407_ACCESS_WORDS], binary[A407_REPORT_KEY_MAX + 1];
    char proxy[A407_REPORT_KEY_MAX + 1], sent[A407_ACCESS_WORDS];

    a407_access_say_span(r->binary, binary);
    a407_access_say_span(r->proxy, proxy);
    a407_access_say_sent(r, sent);
    snprintf(text, sizeof text, "%s, pid %" PRId64 ", to %s", binary, r->pid,
             proxy);
    labelled(t, "program", text);
    labelled(t, "it sent", sent);
}

static void proxy_side(const struct a407_report_term *t,
                       const struct a407_access_row *row)
{
    char text[3 * A407_ACCESS_WORDS], line[A407_ACCESS_WORDS];
    char difference[A407_ACCESS_WORDS];
    const char *who = a407_access_say_who(&row->legs[0].line);
    size_t i;

    a407_access_say_line(&row->legs[0].line, line);
    a407_access_say_seconds(row->legs[0].difference_us, difference);
    snprintf(text, sizeof text, "%s (%s%s%s)", line, who, *who ? "; " : "",
             difference);
    labelled(t, "proxy's log", text);
    for (i = 1; i < row->record.n_legs; i++)
        if (row->legs[i].found) {
            a407_access_say_line(&row->legs[i].line, line);
            labelled(t, "then", line);
        }
}

static void outcome(const struct a407_report_term *t,
                    const struct a407_access_record *r)
{
    char text[A407_ACCESS_WORDS], cause[128], word[128];

    a407_access_say_span(r->outcome, word);
    a407_access_say_span(r->cause, cause);
    snprintf(text, sizeof text, "%s (%s)", word, cause);
    if (r->final_status)
        snprintf(text, sizeof text, "%s, read %d (%s)", word, r->final_status,
                 cause);
    labelled(t, "outcome", text);
}

/* Those that were found, or those that were not. */
static void rows(const struct a407_report_access *a,
                 const struct a407_report_term *t, bool matched)
{
    uint64_t total = matched ? a->sums.matched : a->sums.without_line, seen;
    struct a407_access_rows r;
    struct a407_access_row row;

    a407_access_rows_start(&r, a,
                           matched ? A407_ROWS_FOUND : A407_ROWS_MISSING);
    for (seen = 0; seen < A407_ACCESS_SHOWN; seen++) {
        if (!a407_access_rows_next(&r, &row))
            break;
        title(t, &row.record);
        program(t, &row.record);
        if (matched)
            proxy_side(t, &row);
        outcome(t, &row.record);
    }
    a407_access_rows_end(&r);
    if (total > seen)
        more(t, total - seen, ": --format json has all");
}

static void group(const struct a407_report_term *t,
                  const struct a407_access_group *g)
{
    char text[A407_ACCESS_WORDS], first[32], last[32];
    size_t i;

    a407_report_time_local(g->first_us, first);
    a407_report_time_local(g->last_us, last);
    fputs("\n  ", t->f);
    snprintf(text, sizeof text, "%s, %s%s", g->client,
             *g->user ? "user " : "no user", g->user);
    bold(t, text, 2);
    snprintf(text, sizeof text, "%" PRIu64 "%s%s%s%s, by the proxy's clock",
             g->total, g->total == 1 ? ": " : ": from ", first,
             g->total == 1 ? "" : " to ", g->total == 1 ? "" : last);
    labelled(t, "407s", text);
    text[0] = '\0';
    for (i = 0; i < g->n_targets; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                 i ? ", " : "", g->targets[i]);
    if (g->more_targets)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", ...");
    labelled(t, "for", text);
}

static void strangers(const struct a407_report_access *a,
                      const struct a407_report_term *t)
{
    char text[A407_ACCESS_WORDS];
    size_t i;

    a407_access_say_strangers(a, text);
    if (!*text)
        return;
    heading(t, "In the proxy's log alone");
    paragraph(t, text);
    for (i = 0; i < a->n_groups && i < A407_ACCESS_SHOWN; i++)
        group(t, &a->groups[i]);
    if (i < a->n_groups)
        more(t, a->n_groups - i, " clients: --format json has them");
}

void a407_report_access_text(const struct a407_report_access *a,
                             const struct a407_report_term *t)
{
    char text[A407_ACCESS_WORDS];

    heading(t, "The proxy's own log");
    a407_access_say_files(a, text);
    paragraph(t, text);
    a407_access_say_matches(a, text);
    paragraph(t, text);
    a407_access_say_clock(a, text);
    paragraph(t, text);
    a407_access_say_missing(a, text);
    if (*text) {
        heading(t, "In the records alone");
        paragraph(t, text);
        rows(a, t, false);
    }
    if (a->sums.matched) {
        heading(t, "Both sides of each 407");
        rows(a, t, true);
    }
    strangers(a, t);
}
