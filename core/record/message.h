/* SPDX-License-Identifier: MIT */
#ifndef A407_MESSAGE_H
#define A407_MESSAGE_H

#include "record.h"

/*
 * A record as syslog and the journal take it. `line` is its JSON with "\n".
 * False: out->failed, or a line that can't be made short enough.
 */

/*
 * How bad it is, on syslog's scale (RFC 5424 section 6.2.1), which journald
 * shares: 6 the program got through, 5 only watched, 4 it read a refusal, 3 a
 * problem of ours (e is NULL).
 */
int a407_severity(const struct a407_event *e);

/*
 * Appends one line of text without a line end: which program, what the proxy
 * said, to which request, and what came of it. Control characters, and bytes
 * that are no UTF-8, become "?". False: out->failed. Allocates only in out.
 */
bool a407_summary_text(const struct a407_event *e, struct a407_buf *out);

/*
 * The longest message that is sent. RFC 5424 section 6.1 asks receivers for
 * 2048; rsyslog cuts off, or splits, what is over 8096 bytes.
 */
#define A407_SYSLOG_MAX 8000

/*
 * Appends a message of RFC 5424 section 6, facility user: its time is that of
 * the record, its text "@cee:" and the record's JSON, which rsyslog's
 * mmjsonparse and others take for structured data. A host that can't stand in a
 * message becomes "-". `line` is shortened if the message would be over
 * A407_SYSLOG_MAX bytes. Allocates in out and line.
 */
bool a407_syslog_message(const struct a407_record *r, const char *host,
                         struct a407_buf *line, struct a407_buf *out);

/*
 * Appends one field in the form that the journal's socket takes (systemd,
 * "Native Journal Protocol"): NAME=value, or, where the value holds a line
 * end, NAME, its length in eight bytes, lowest first, and the value.
 */
void a407_journal_field(struct a407_buf *out, const char *name,
                        struct a407_span value);

/*
 * Appends the entry of one record: a readable MESSAGE, PRIORITY, what one
 * filters by (AUTH407_OUTCOME, AUTH407_CAUSE, AUTH407_PROXY, AUTH407_STATUS,
 * AUTH407_FINAL_STATUS, AUTH407_EXECUTABLE, AUTH407_MODULE, AUTH407_TARGET) and
 * the whole record in AUTH407_RECORD. Allocates only in out.
 */
bool a407_journal_entry(const struct a407_record *r,
                        const struct a407_buf *line, struct a407_buf *out);

#endif
