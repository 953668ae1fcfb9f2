/* SPDX-License-Identifier: MIT */
#ifndef A407_SYSLOG_MSG_H
#define A407_SYSLOG_MSG_H

#include "core/base/buf.h"

/*
 * The longest message that is sent. RFC 5424 section 6.1 asks receivers for
 * 2048; rsyslog cuts off, or splits, what is over 8096 bytes.
 */
#define A407_SYSLOG_MAX 8000

struct a407_syslog_from {
    int severity; /* RFC 5424 section 6.2.1 */
    int pid;
    const char *host; /* one that can't stand in a message becomes "-" */
    const char *kind; /* MSGID: which lines of the log these are */
};

/*
 * Appends a message of RFC 5424 section 6, facility user: its time is that of
 * the record, its text "@cee:" and the record's JSON, which rsyslog's
 * mmjsonparse and others take for structured data. `line` is that JSON with
 * "\n"; it is shortened (a407_line_fit) if the message would be over
 * A407_SYSLOG_MAX bytes. False: it can't be made. Allocates only in the two.
 */
bool a407_syslog_message(const struct a407_syslog_from *from,
                         struct a407_buf *line, struct a407_buf *out);

#endif
