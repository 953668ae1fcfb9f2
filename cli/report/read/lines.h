/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_LINES_H
#define A407_REPORT_LINES_H

#include "cli/report/model/filter.h"
#include "cli/report/model/pending.h"
#include "read.h"
#include "record.h"

/* What happens to each line on its way into the report. */
struct a407_report_run {
    struct a407_report report;
    struct a407_report_parser *parser;
    struct a407_pending *pending;
    const struct a407_filter *filter;
    bool packed;                       /* something began as a gzip file does */
    struct a407_report_access *access; /* or NULL */
    /* Told each 407 that passed, and its JSON (n bytes); or NULL. */
    void (*each)(void *ctx, const struct a407_report_record *l,
                 const char *json, size_t n);
    void *ctx;
};

/* False: memory ran out, nothing is to be freed. Allocates. */
bool a407_report_run_init(struct a407_report_run *r,
                          const struct a407_filter *filter);
void a407_report_run_free(struct a407_report_run *r);

/*
 * Takes one line: an a407_line_fn, with the run as ctx. A line that another
 * one was written into is counted as torn, and the last record in it is read.
 * False: memory ran out.
 */
bool a407_report_line(void *run, char *text, size_t n);

/* After the last line: counts what was held back, and sorts. */
void a407_report_run_finish(struct a407_report_run *r);

#endif
