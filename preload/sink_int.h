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
 * The sinks' own parts. Every one that delivers says whether the record is out
 * whole, and may write the line anew, with less of r in it. None waits, but for
 * a daemon of this machine a few milliseconds.
 */

/* One write() at the end of a file, or to a FIFO or device, which is opened and
   closed; folders are made. Over max_size a file is put aside; 0: never. */
bool a407_sink_file(const char *path, uint64_t max_size,
                    const struct a407_record *r, struct a407_buf *line);

/* What standard error was when the program started, if 2 is still that. */
bool a407_sink_stderr(const struct a407_record *r, struct a407_buf *line);

/* A message of RFC 5424, to a socket of this machine or over UDP. */
bool a407_sink_syslog(const struct a407_log_target *to,
                      const struct a407_record *r, struct a407_buf *line);

/* An entry of journald's native protocol; one that is too large for a datagram
   goes in a sealed file of memory. */
bool a407_sink_journald(const struct a407_buf *entry);

/*
 * The file at `path`, open as fd, is as large as it may be: makes it PATH.1,
 * and an empty one like it takes its place. True: look again what is at `path`.
 * False: go on with this one: another process is at it, or it can't be done.
 */
bool a407_sink_rotate(const char *path, int fd, const struct stat *st);

/*
 * The count of records that no sink took. It is kept in the state folder, as
 * the length of an empty file, so that the next process that can write tells
 * of it; if that can't be, in this process. `take` sets it to 0.
 */
void a407_lost_add(const struct a407_config *c, unsigned long n);
unsigned long a407_lost_take(const struct a407_config *c);

#endif
