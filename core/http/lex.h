/* SPDX-License-Identifier: MIT */
#ifndef A407_HTTP_LEX_H
#define A407_HTTP_LEX_H

#include "http.h"

/* What the parsers of heads and of challenges share. */

enum a407_line {
    A407_LINE_END,   /* the blank line, or no more bytes */
    A407_LINE_FIELD, /* a token, a colon, a value */
    A407_LINE_JUNK   /* anything else; name is what stands before a colon */
};

/* As a407_field_next, but shows the lines that it skips, too. */
enum a407_line a407_line_next(const char *p, size_t n, size_t *at,
                              struct a407_field *f);

/* The length of an empty line at p: 0, 1 or 2. */
size_t a407_empty_line(const char *p, size_t n);

/*
 * Steps over a comma-separated list (RFC 9110 section 5.6.1) with its quoted
 * strings; an open quote takes all the rest. Empty elements are returned, too.
 * `*at` is 0 at first. False at the end.
 */
bool a407_list_next(struct a407_span list, size_t *at, struct a407_span *item);

/* The form of a target that is followed by a blank in the same buffer. */
enum a407_target_form a407_target_form(struct a407_span method,
                                       struct a407_span target);

/* A longer method tells that some other protocol is spoken. */
#define A407_METHOD_MAX 32u

#endif
