/* SPDX-License-Identifier: MIT */
#ifndef A407_JOURNAL_MSG_H
#define A407_JOURNAL_MSG_H

#include "event.h"

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
 * the whole record in AUTH407_RECORD. `line` is its JSON with "\n". Without an
 * event it is a problem of ours, whose text is `problem`. False: out->failed.
 * Allocates only in out.
 */
bool a407_journal_entry(const struct a407_event *e, const char *problem,
                        const struct a407_buf *line, struct a407_buf *out);

#endif
