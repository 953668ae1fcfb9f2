/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "msg.h"
#include "report_access_words.h"
#include "report_term.h"

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

static void put_span(const struct a407_report_term *t, struct a407_span s)
{
    char text[A407_ACCESS_WORDS];

    a407_access_say_span(s, text);
    a407_term_put(t, text);
}

static void title(const struct a407_report_term *t,
                  const struct a407_access_record *r)
{
    char when[32];

    a407_report_time_local(r->time_us, when);
    fprintf(t->f, "\n  %s  ", when);
    a407_term_style(t, A407_BOLD);
    put_span(t, r->method);
    fputc(' ', t->f);
    put_span(t, r->target);
    a407_term_style(t, A407_PLAIN);
    fputc('\n', t->f);
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
        fprintf(t->f, "\n  ... and %" PRIu64 " more: --format json has all\n",
                total - seen);
}

static void group(const struct a407_report_term *t,
                  const struct a407_access_group *g)
{
    char text[A407_ACCESS_WORDS], first[32], last[32];
    size_t i;

    a407_report_time_local(g->first_us, first);
    a407_report_time_local(g->last_us, last);
    fputs("\n  ", t->f);
    a407_term_style(t, A407_BOLD);
    a407_term_put(t, g->client);
    a407_term_style(t, A407_PLAIN);
    fputs(*g->user ? ", user " : ", no user", t->f);
    a407_term_put(t, g->user);
    fputc('\n', t->f);
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
        fprintf(t->f, "\n  ... and %zu more clients: --format json has them\n",
                a->n_groups - i);
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
