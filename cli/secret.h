/* SPDX-License-Identifier: MIT */
#ifndef A407_SECRET_H
#define A407_SECRET_H

#include <stdbool.h>

#include "core/base/buf.h"

/*
 * Reads a secret: the first line of a file, or of a descriptor, without its
 * line end (LF or CRLF). `option` names the option in messages. From a
 * descriptor not one byte after the line end is taken, so that standard input
 * may go on to the command; one above 2 is closed. The result is NUL-terminated
 * in `out`, which the caller frees with a407_buf_free. False: can't be read,
 * empty, too long or with a NUL byte; said on standard error. Blocks.
 */
bool a407_secret_from_file(const char *option, const char *path,
                           struct a407_buf *out);
bool a407_secret_from_fd(const char *option, const char *number,
                         struct a407_buf *out);

#endif
