/* SPDX-License-Identifier: MIT */
#ifndef A407_SINK_INT_H
#define A407_SINK_INT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/config/config.h"
#include "core/config/log_target.h"
#include "core/record/record.h"

/*
 * One function for each kind of sink. It returns whether the whole line was
 * delivered, and may write the line anew with less of r. None blocks, but
 * for a full queue of a daemon of this machine, some milliseconds.
 */

/* Appends to a file, FIFO or device with one write(); makes missing folders.
   A file is rotated before it would exceed max_size bytes; 0: never. */
bool a407_sink_file(const char *path, uint64_t max_size,
                    const struct a407_record *r, struct a407_buf *line);

/* Writes to fd 2, if that is still the file that a407_sink_start() saw. */
bool a407_sink_stderr(const struct a407_record *r, struct a407_buf *line);

/* Sends a message of RFC 5424 to a local socket or over UDP. */
bool a407_sink_syslog(const struct a407_log_target *to,
                      const struct a407_record *r, struct a407_buf *line);

/* Sends an entry in journald's native protocol, as a sealed memfd if it is too
   large for a datagram. */
bool a407_sink_journald(const struct a407_buf *entry);

/*
 * Rotates the file at `path`, open as fd: renames it to PATH.1 and puts an
 * empty file with the same owner and mode in its place. True: open `path`
 * again. False: write to fd: another process is rotating, or it is not
 * possible.
 */
bool a407_sink_rotate(const char *path, int fd, const struct stat *st);

/*
 * The number of lost records. It is kept as the length of a sparse file in the
 * state folder, for the next process that can write to report it; where that
 * fails, in this process. `take` resets it to 0.
 */
void a407_lost_add(const struct a407_config *c, unsigned long n);
unsigned long a407_lost_take(const struct a407_config *c);

#endif
