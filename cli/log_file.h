/* SPDX-License-Identifier: MIT */
#ifndef A407_CLI_LOG_FILE_H
#define A407_CLI_LOG_FILE_H

#include <stdbool.h>

/*
 * Before the start: warns if lines can't be added to the log's file; with
 * `make`, for a file that was named, makes it and its folders if it is not
 * there, so that it can be read even if no 407 comes. The words of other sinks
 * mean nothing here.
 */
void a407_log_file_prepare(const char *log, bool make);

/* Warns if the library will not use the state folder, since other users could
   exchange it. NULL: there is none. */
void a407_state_check(const char *folder);

#endif
