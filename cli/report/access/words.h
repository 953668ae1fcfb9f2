/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ACCESS_WORDS_H
#define A407_REPORT_ACCESS_WORDS_H

#include "internal.h"

/*
 * The join in words, for text and HTML alike. `out` has A407_ACCESS_WORDS
 * bytes. Texts hold what the logs hold: the output escapes them.
 */
#define A407_ACCESS_WORDS ((size_t)2048)

/* How many rows of a list are shown where not all are. */
#define A407_ACCESS_SHOWN 20

/* "access.log: 12 lines, 3 of them 407; 1 could not be read" */
void a407_access_say_files(const struct a407_report_access *a, char *out);

/* "2 of 3 407s are in the proxy's log: 1 by the connection's port, ..." */
void a407_access_say_matches(const struct a407_report_access *a, char *out);

/* "The proxy's clock is 3.2 s ahead ..."; "" when there is nothing to tell. */
void a407_access_say_clock(const struct a407_report_access *a, char *out);

/* What it means that some were not found; "" when all were. */
void a407_access_say_missing(const struct a407_report_access *a, char *out);

/* What it means that the proxy's log has more; "" when it has not. */
void a407_access_say_strangers(const struct a407_report_access *a, char *out);

/* "no Proxy-Authorization", "Basic as alice" */
void a407_access_say_sent(const struct a407_access_record *r, char *out);

/* "TCP_DENIED/407, user bob, from 192.0.2.7:53124": the proxy's side. */
void a407_access_say_line(const struct a407_access_line *l, char *out);

/* "the proxy itself refused" and the like; "" where the log does not say. */
const char *a407_access_say_who(const struct a407_access_line *l);

/* "-3.200 s"; milliseconds. */
void a407_access_say_seconds(int64_t us, char *out);

/* A span as a string of at most A407_ACCESS_WORDS - 1 bytes. */
void a407_access_say_span(struct a407_span s, char *out);

#endif
