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

/* Of a row of A407_PAIRS: "no Proxy-Authorization", "Basic as alice" */
void a407_access_say_sent(sqlite3_stmt *row, char *out);

/* Of a part that was found: "TCP_DENIED/407, user bob, from 192.0.2.7:53124" */
void a407_access_say_line(sqlite3_stmt *leg, char *out);

/* "this proxy itself refused" and the like; "" where the log does not say. */
const char *a407_access_say_who(sqlite3_stmt *leg);

/* Of a row of A407_CLIENTS: "192.0.2.7, user bob" */
void a407_access_say_client(sqlite3_stmt *row, char *out);

/* Goes through its parts: "http://a.test/, http://b.test/, ..." */
void a407_access_say_targets(struct a407_access_rows *r, char *out);

/* "-3.200 s"; milliseconds. */
void a407_access_say_seconds(int64_t us, char *out);

#endif
