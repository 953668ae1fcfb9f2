/* SPDX-License-Identifier: MIT */
#ifndef A407_MSG_H
#define A407_MSG_H

#include <stdbool.h>

/* Exit statuses of auth407 itself, as of env(1) and timeout(1). */
#define A407_EXIT_FAILURE        125
#define A407_EXIT_NOT_EXECUTABLE 126
#define A407_EXIT_NOT_FOUND      127
#define A407_EXIT_PART           2 /* `auth407 report` or `doctor` failed, as grep(1) */

/* Drops warnings from now on; errors and notes are still written. */
void a407_msg_quiet(void);

/*
 * One line on standard error, "auth407: TEXT". Bytes that could steer a
 * terminal are shown as "?", since file names and arguments come from anywhere;
 * a text over some 9 KiB is cut. Never pass a secret. Write errors are ignored.
 */
void a407_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void a407_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same as "auth407: warning: TEXT", unless a407_msg_quiet was called. */
void a407_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Flushes standard output: a full disk or a closed pipe must not look like
   success. False: it can't be written, said. */
bool a407_msg_flush(void);

#endif
