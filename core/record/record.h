/* SPDX-License-Identifier: MIT */
#ifndef A407_RECORD_JSON_H
#define A407_RECORD_JSON_H

#include "event.h"

/* What one line of the log says. */
struct a407_record {
    const struct a407_event *event; /* an exchange; NULL: a problem of ours */
    const char *problem;            /* what that is, in words */
    int64_t time_us;                /* when it was, since the epoch */
    int pid;                        /* of who writes the line */
    unsigned long lost;             /* records before it that no sink took */
};

/*
 * Appends one JSON object and "\n", of at most `max` bytes: elements are taken
 * off the end of long lists, members left out and texts shortened, the least
 * important first, and the last member, "truncated", lists what was. Every
 * string is made valid UTF-8 (a bad byte becomes U+FFFD) and escaped (RFC 8259
 * section 7); arguments and words of the proxy are redacted. False: it can't be
 * made so short, or out->failed. Allocates only in out.
 */
bool a407_record_json(const struct a407_record *r, size_t max,
                      struct a407_buf *out);

/* Makes the record's `line` at most `max` bytes long, as the one above does; a
   line that is there and short enough stays. False: the line is of no use. */
bool a407_record_fit(const struct a407_record *r, size_t max,
                     struct a407_buf *line);

/* Appends its time: RFC 3339, UTC, microseconds. */
void a407_record_time(struct a407_buf *out, const struct a407_record *r);

#endif
