/* SPDX-License-Identifier: MIT */
#ifndef A407_TERM_H
#define A407_TERM_H

#include <stdbool.h>
#include <stdio.h>

/* Text that people read: what a terminal can show. Errors are the stream's. */

struct a407_term {
    FILE *f;
    size_t width; /* columns */
    bool color;
    bool whole; /* a word that no line holds is not broken: it may be copied */
};

/* Columns of the terminal, else of $COLUMNS, else 80; at least 40. */
size_t a407_term_columns(int fd);

/* Styles; nothing is written for them without colours. */
enum a407_style { A407_PLAIN, A407_BOLD, A407_DIM, A407_RED, A407_GREEN };

enum a407_term_color { A407_COLOR_AUTO, A407_COLOR_ALWAYS, A407_COLOR_NEVER };

/* The terminal of a stream, and whether to colour: AUTO heeds NO_COLOR
   (no-color.org) and TERM=dumb. */
void a407_term_init(struct a407_term *t, FILE *f, enum a407_term_color color);

void a407_term_style(const struct a407_term *t, enum a407_style s);

/* A text in a style, then plain again. It is not escaped. */
void a407_term_styled(const struct a407_term *t, enum a407_style s,
                      const char *text);

/* The heading of a section, below an empty line. */
void a407_term_heading(const struct a407_term *t, const char *text);

/* Text on a terminal: escapes whatever could steer one (C0, C1, DEL,
   bidirectional controls, bad UTF-8), many marks on one character, and what is
   no ASCII outside a UTF-8 locale, as \xNN or \u{NNNN}. */
void a407_term_put(const struct a407_term *t, const char *z);
size_t a407_term_width(const char *z); /* columns that put would take */
bool a407_term_shows(const char *z);   /* whether put would escape nothing */
/* At most `columns` wide; cut with "..." in the middle; padded if `pad`. */
void a407_term_cell(const struct a407_term *t, const char *z, size_t columns,
                    bool pad);

/* Words of a text, escaped as by a407_term_put, from column `at` on; further
   lines begin at `indent`. Ends the line. */
void a407_term_wrap(const struct a407_term *t, const char *text, size_t at,
                    size_t indent);

/* The same of a text of at most 4 KiB, from column `at` of a new line on. */
void a407_term_say(const struct a407_term *t, size_t at, size_t indent,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
