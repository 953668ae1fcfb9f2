/* SPDX-License-Identifier: MIT */
#ifndef A407_RECORD_JSON_H
#define A407_RECORD_JSON_H

#include "event.h"

struct a407_record {
    const struct a407_event *event; /* an exchange; NULL: a problem of ours */
    const char *not_covered;        /* why the library can't work in a program,
                                       a word; of the event only time, detail
                                       and process count then. Else NULL */
    const char *problem;            /* what that is, in words */
    int64_t time_us;                /* when it was, since the epoch */
    int pid;                        /* of who writes the line */
    unsigned long lost;             /* records before it that no sink took */
    const char *run;                /* a407_config.run; "" or NULL: none */
};

/*
 * Appends one JSON object and "\n", of at most `max` bytes: if need be lists
 * and texts are shortened and members left out, the least important first, and
 * the last member, "truncated", names them. Bad bytes become U+FFFD; arguments
 * and words of the proxy are redacted. False: it can't be made so short, or
 * out->failed.
 */
bool a407_record_json(const struct a407_record *r, size_t max,
                      struct a407_buf *out);

/* Writes the record's line anew if it is longer than `max`. False: it is of no
   use. */
bool a407_record_fit(const struct a407_record *r, size_t max,
                     struct a407_buf *line);

/* Appends its time: RFC 3339, UTC, microseconds. */
void a407_record_time(struct a407_buf *out, const struct a407_record *r);

#endif
