/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_RECORD_H
#define A407_REPORT_RECORD_H

#include "cli/report/report.h"

/*
 * One line of the log into a record. JSON is read by yajl (strict, RFC 8259,
 * UTF-8 checked); keys that are not known are skipped, so that later versions
 * may add some. The first word of a line may be something else, as syslog
 * daemons put it there: reading begins at the first "{".
 */

enum a407_report_kind {
    A407_REPORT_EXCHANGE, /* `out` is filled in */
    A407_REPORT_PROBLEM,  /* of auth407 itself: `message` and time_us */
    A407_REPORT_FOREIGN,  /* JSON, but none of auth407's */
    A407_REPORT_NEWER,    /* of a later schema */
    A407_REPORT_UNKNOWN,  /* of this schema, by an event that is new to it */
    A407_REPORT_TORN,     /* no JSON object */
    A407_REPORT_NO_MEMORY
};

struct a407_report_parser;

/* NULL: memory ran out. Freed with a407_report_parser_free (NULL is fine). */
struct a407_report_parser *a407_report_parser_new(void);
void a407_report_parser_free(struct a407_report_parser *p);

/*
 * Reads n bytes, without the line end. Spans in *out and *message live in the
 * parser until the next call. yajl allocates while it reads; nothing is kept.
 */
enum a407_report_kind a407_report_parse(struct a407_report_parser *p,
                                        const char *line, size_t n,
                                        struct a407_report_record *out,
                                        struct a407_span *message);

#endif
