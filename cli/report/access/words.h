/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ACCESS_WORDS_H
#define A407_REPORT_ACCESS_WORDS_H

#include "internal.h"

/*
 * The join in words, for text and HTML alike. `out` has A407_ACCESS_WORDS
 * bytes, and is cut there. Texts hold what the logs hold: the output escapes
 * them.
 */
#define A407_ACCESS_WORDS ((size_t)2048)

/* How many rows of a list are shown where not all are. */
#define A407_ACCESS_SHOWN 20

/*
 * The sums: what was read, how many 407s were found, and how the clocks differ;
 * what it means that some were not found; that the log has more. Empty where
 * there is nothing to tell.
 */
enum {
    A407_ACCESS_SUMMARY = 3, /* so many make the summary */
    A407_ACCESS_MISSING = 3,
    A407_ACCESS_STRANGERS,
    A407_ACCESS_SAYINGS
};
extern void (*const a407_access_say[A407_ACCESS_SAYINGS])(
    const struct a407_report_access *a, char *out);

/* "-3.200 s"; milliseconds. */
void a407_access_say_seconds(int64_t us, char *out);

#endif
