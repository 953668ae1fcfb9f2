/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_SOURCES_H
#define A407_REPORT_SOURCES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The log of the settings (AUTH407_LOG, or the default file) and the generation
 * that it keeps when it has a limit, which is read first.
 */
struct a407_report_default {
    char path[PATH_MAX];
    char before[PATH_MAX]; /* "": there is none */
    bool there;            /* path exists */
    uint64_t lost;         /* lines that were not written, and that no line
                              tells of yet */
};

/* False: the log goes to no file; said on standard error. Blocks for files. */
bool a407_report_default_log(struct a407_report_default *out);

/* Whether standard input is a pipe or a socket, or a file that is not empty, so
   that lines may come from it: not a terminal, and not /dev/null. */
bool a407_report_stdin_given(void);

#endif
