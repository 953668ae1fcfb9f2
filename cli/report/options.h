/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_OPTIONS_H
#define A407_REPORT_OPTIONS_H

#include "cli/options.h"
#include "cli/report/model/model.h"
#include "cli/report/write/write.h"

enum a407_report_format {
    A407_FORMAT_TEXT,
    A407_FORMAT_JSON,
    A407_FORMAT_CSV,
    A407_FORMAT_HTML
};

/* What `auth407 report` was asked for. Points into argv. */
struct a407_report_options {
    struct a407_filter filter;
    int format; /* enum a407_report_format */
    int color;  /* enum a407_term_color */
    size_t top; /* 0: all */
    bool last;  /* filter.run is to be that of the last start */
    bool all_runs;
    bool tables;
    bool follow;
    bool stdin_is_access_log; /* "-" is one of them */
    struct a407_report_access_options access;
    bool help; /* --help came first: nothing else is filled in */
    char **files;
    size_t n_files; /* 0: none was named */
};

/* Reads the command line from `report` on (NULL at the end), which it reorders.
   `now_us` is the clock, for ages. False: said on standard error. */
bool a407_report_options_parse(char **argv, int64_t now_us,
                               struct a407_report_options *out);

#endif
