/* SPDX-License-Identifier: MIT */
#ifndef A407_SUMMARY_H
#define A407_SUMMARY_H

#include "event.h"

/*
 * How bad it is, on syslog's scale (RFC 5424 section 6.2.1), which journald
 * shares: 6 the program got through, 5 only watched, 4 it read a refusal, 3 a
 * problem of ours (e is NULL).
 */
int a407_summary_severity(const struct a407_event *e);

/*
 * Appends one line of text without a line end: which program, what the proxy
 * said, to which request, and what came of it. Control characters, and bytes
 * that are no UTF-8, become "?". False: out->failed. Allocates only in out.
 */
bool a407_summary_text(const struct a407_event *e, struct a407_buf *out);

#endif
