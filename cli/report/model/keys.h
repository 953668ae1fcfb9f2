/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_KEYS_H
#define A407_REPORT_KEYS_H

#include "cli/report/report.h"

/*
 * What an interpreter runs: "pip" of `python3 -m pip`, "agent.jar" of
 * `java -jar /opt/agent.jar`, "-c" for code on the command line. Without it
 * every Python program would be one and the same "binary". A span into the
 * record; p == NULL: the executable is no interpreter, or it can't be told.
 */
struct a407_span a407_report_script(const struct a407_report_record *l);

/* What stands behind the last "/"; all of it without one. */
struct a407_span a407_report_base(struct a407_span path);

/*
 * What a line is counted under in a table: never empty. `out` has
 * A407_REPORT_KEY_MAX + 1 bytes; what is longer is cut after a whole character.
 */
void a407_report_key(const struct a407_report_record *l,
                     enum a407_report_table_id id, char *out);

#endif
