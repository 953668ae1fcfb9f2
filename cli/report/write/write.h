/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_WRITE_H
#define A407_REPORT_WRITE_H

#include "cli/report/report.h"

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
