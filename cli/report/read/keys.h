/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_KEYS_H
#define A407_REPORT_KEYS_H

#include "cli/report/report.h"

/*
 * What a line is counted under in each table: never empty. `out` has
 * A407_REPORT_KEY_MAX + 1 bytes; what is longer is cut after a whole character.
 */
void a407_report_binary_key(const struct a407_report_record *l, char *out);
void a407_report_module_key(const struct a407_report_record *l, char *out);
void a407_report_proxy_key(const struct a407_report_record *l, char *out);
void a407_report_cause_key(const struct a407_report_record *l, char *out);
void a407_report_user_key(const struct a407_report_record *l, char *out);

#endif
