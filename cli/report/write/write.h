/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_WRITE_H
#define A407_REPORT_WRITE_H

#include "cli/report/report.h"

/* Styles; nothing is written for them without colours. */
enum a407_style { A407_PLAIN, A407_BOLD, A407_DIM, A407_RED, A407_GREEN };

enum a407_report_color { A407_COLOR_AUTO, A407_COLOR_ALWAYS, A407_COLOR_NEVER };

/* The terminal of a stream: its width (the terminal's own, $COLUMNS, 80), and
   whether to colour: AUTO heeds NO_COLOR (no-color.org) and TERM=dumb. */
void a407_term_init(struct a407_report_term *t, FILE *f,
                    enum a407_report_color color);

void a407_term_style(const struct a407_report_term *t, enum a407_style s);

/* A text in a style, then plain again. It is not escaped. */
void a407_term_styled(const struct a407_report_term *t, enum a407_style s,
                      const char *text);

/* The heading of a section, below an empty line. */
void a407_term_heading(const struct a407_report_term *t, const char *text);

/* Words of a text, escaped as by a407_term_put, from column `at` on; further
   lines begin at `indent`. Ends the line. */
void a407_term_wrap(const struct a407_report_term *t, const char *text,
                    size_t at, size_t indent);

/* The same of a text of at most 4 KiB, from column `at` of a new line on. */
void a407_term_say(const struct a407_report_term *t, size_t at, size_t indent,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A JSON string, whatever the bytes are; null beyond 64 KiB. Allocates. */
void a407_report_json_text(FILE *f, const char *z);

/* JSON that is valid already, with DEL and the C1 controls of its strings as
   \u00NN: a terminal could obey them. */
void a407_report_json_put(FILE *f, const char *json, size_t n);

/* A field of a CSV row (RFC 4180), in quotes. What a spreadsheet would take for
   a formula gets an apostrophe in front (OWASP, CSV Injection). Control
   characters other than the line end become \xNN. */
void a407_report_csv_text(FILE *f, const char *z);

#endif
