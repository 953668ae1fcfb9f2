/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_HTML_H
#define A407_REPORT_HTML_H

#include "cli/report/report.h"

/*
 * The rooms of the page (report_html*.c). Whatever comes from a log goes
 * through a407_html_text or _span, in content and in attributes alike: markup
 * is escaped, and what is not to be seen (control characters, bidirectional
 * controls and other characters without a shape, bad UTF-8) is written as \xNN
 * or \u{NNNN}. The page loads nothing and runs nothing: its own policy (a CSP
 * in a meta element) forbids both.
 */
void a407_html_text(FILE *f, const char *z);
void a407_html_span(FILE *f, struct a407_span s);

/* The same, where line ends are meant: in a <pre>. */
void a407_html_text_lines(FILE *f, const char *z);

/* "1 234 567", with narrow blanks that break no line. */
void a407_html_count(FILE *f, uint64_t n);

/* A <time> element, in the local time zone. */
void a407_html_time(FILE *f, int64_t us);

/* "CET (UTC+01:00)": the local time zone at that moment, at least 64 bytes. */
void a407_html_zone(int64_t us, char out[static 64]);

/* Class names and words of the outcomes; in the order of a stack, from below.
 */
extern const enum a407_outcome a407_html_stack[A407_REPORT_OUTCOMES];
const char *a407_html_class(enum a407_outcome o);
const char *a407_html_outcome(enum a407_outcome o);

/* "3 resolved, 2 observed" */
void a407_html_outcomes(FILE *f, const uint64_t *count);

/*
 * Tables, which on a narrow screen fold into a block for each row: so each cell
 * carries the name of its column, and the roles that folding takes away. The
 * head is `columns` (n of them, those with a "#" in front are numbers) below an
 * existing heading "h-ID". A cell's class may be "".
 */
void a407_html_table(FILE *f, const char *id, const char *const *columns,
                     size_t n);
void a407_html_table_end(FILE *f);
void a407_html_row(FILE *f, const char *class);
void a407_html_cell(FILE *f, const char *label, const char *class);

/* "and 5 more: ..." where a list was cut; nothing for 0. */
void a407_html_more(FILE *f, uint64_t n);

/* The sections; each writes nothing when there is nothing to tell. */
void a407_html_style(FILE *f);
void a407_html_dropped(const struct a407_report_view *v, FILE *f);
void a407_html_findings(const struct a407_report_view *v, FILE *f);
void a407_html_timeline(const struct a407_report_view *v, FILE *f);
void a407_html_bars(const struct a407_report_view *v, FILE *f);
void a407_html_tables(const struct a407_report_view *v, FILE *f);

#endif
