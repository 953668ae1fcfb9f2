/* SPDX-License-Identifier: MIT */
#ifndef A407_MESSAGE_H
#define A407_MESSAGE_H

#include "record.h"

/* A record as syslog and the journal take it. `line` is its JSON with "\n".
   False: out->failed, or a line that can't be made short enough. */

/* On syslog's scale (RFC 5424 section 6.2.1): 6 the program got through, 5 only
   watched, 4 it read a refusal, 3 a problem of ours (e is NULL). */
int a407_severity(const struct a407_event *e);

/* Appends in words which program, what the proxy said, to which request, and
   what came of it. Control characters and bad UTF-8 become "?". */
bool a407_summary_text(const struct a407_event *e, struct a407_buf *out);

/* The longest message: rsyslog cuts off, or splits, what is over 8096 bytes. */
#define A407_SYSLOG_MAX 8000

/*
 * Appends a message of RFC 5424 section 6, facility user, whose text is
 * "@cee:", as rsyslog's mmjsonparse takes it, and the record's JSON. A host
 * that can't stand in a message becomes "-". `line` is shortened if it has to
 * be.
 */
bool a407_syslog_message(const struct a407_record *r, const char *host,
                         struct a407_buf *line, struct a407_buf *out);

/* Appends one field as the journal's socket takes it (systemd, "Native Journal
   Protocol"). */
void a407_journal_field(struct a407_buf *out, const char *name,
                        struct a407_span value);

/* Appends the entry of one record: a readable MESSAGE, PRIORITY, fields
   AUTH407_... to filter by, and the whole record in AUTH407_RECORD. */
bool a407_journal_entry(const struct a407_record *r,
                        const struct a407_buf *line, struct a407_buf *out);

#endif
