/* SPDX-License-Identifier: MIT */
#ifndef A407_LINE_H
#define A407_LINE_H

#include "buf.h"

/*
 * Changes to a finished line of the log, a JSON object and "\n" as
 * a407_event_json writes it: what a sink has to say besides, and less of it
 * where a sink takes no long lines.
 */

/* Adds a number as the last member. False: no room; the line is as it was. */
bool a407_line_add(struct a407_buf *line, const char *key, unsigned long n);

/*
 * Makes the line at most `max` bytes long: takes elements off the end of long
 * lists, leaves out members, shortens texts, the least important first. It
 * stays valid, and its last member, "truncated", lists what was shortened.
 * False: it can't be done, and the line is of no use any more. May allocate.
 */
bool a407_line_fit(struct a407_buf *line, size_t max);

#endif
