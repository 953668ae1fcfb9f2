/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ESCAPE_H
#define A407_REPORT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A character that is not seen but moves what is: a control, a joiner ... */
bool a407_report_is_unseen(unsigned c);

/* A JSON string, valid whatever the bytes are; null beyond 64 KiB. Allocates.
 */
void a407_report_json_text(FILE *f, const char *z);

/*
 * Writes JSON that is valid already, with DEL and the C1 controls, which may
 * stand in its strings as they are, as \u00NN: a terminal could obey them.
 */
void a407_report_json_put(FILE *f, const char *json, size_t n);

/*
 * A field of a CSV row (RFC 4180): in quotes, quotes doubled. A text that a
 * spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV
 * Injection). Control characters other than the line end become \xNN.
 */
void a407_report_csv_text(FILE *f, const char *z);

#endif
