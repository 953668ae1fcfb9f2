/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_TERM_H
#define A407_REPORT_TERM_H

#include "cli/report/report.h"

/* Styles; nothing is written for them without colours. */
enum a407_style { A407_PLAIN, A407_BOLD, A407_DIM, A407_RED, A407_GREEN };

/*
 * The terminal of a stream: its width (the terminal's own, $COLUMNS, 80), and
 * whether to colour. `wanted`: 1 always, 0 never, -1 if it is a terminal, and
 * neither NO_COLOR (no-color.org) nor TERM=dumb is set.
 */
void a407_term_init(struct a407_report_term *t, FILE *f, int wanted);

void a407_term_style(const struct a407_report_term *t, enum a407_style s);

/* A text in a style, then plain again. It is not escaped. */
void a407_term_styled(const struct a407_report_term *t, enum a407_style s,
                      const char *text);

/* The heading of a section, below an empty line. */
void a407_term_heading(const struct a407_report_term *t, const char *text);

/*
 * Words of a text, escaped as by a407_term_put, from column `at` on; further
 * lines begin at `indent`. Ends the line.
 */
void a407_term_wrap(const struct a407_report_term *t, const char *text,
                    size_t at, size_t indent);

/* The same of a text of at most 4 KiB, from column `at` of a new line on. */
void a407_term_say(const struct a407_report_term *t, size_t at, size_t indent,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
