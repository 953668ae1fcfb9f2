/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ACCESS_FILE_H
#define A407_REPORT_ACCESS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new temporary file without a name in $TMPDIR or /tmp. -1: errno is set. */
int a407_access_file(void);

/* All n bytes at that offset. False: errno is set. */
bool a407_access_read_at(int fd, void *to, size_t n, uint64_t offset);
bool a407_access_write_at(int fd, const void *from, size_t n, uint64_t offset);

#endif
