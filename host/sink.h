/* SPDX-License-Identifier: MIT */
#ifndef A407_SINK_H
#define A407_SINK_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/record/record.h"

/*
 * To be called at start, before the program may have closed its standard error,
 * which is remembered if the log goes there; else it makes no system call.
 * taken: is fd in use for something that is no place for a line of the log? May
 * be NULL.
 */
__attribute__((cold)) void a407_sink_start(bool (*taken)(int fd));

/*
 * Writes one record where AUTH407_LOG says: a file, standard error, syslog or
 * the journal, with less detail where a sink takes no long lines; r->lost is
 * set to how many were lost before. Opens, writes and closes; allocates. Waits
 * at most some milliseconds for a busy daemon. If the sink is full, missing or
 * forbidden, or memory runs out, the record is lost, which is counted. SIGPIPE,
 * SIGXFSZ and SIGTTOU of a write never reach the program. errno is not kept. In
 * a preloaded process: inside the guard.
 */
void a407_sink_put(const struct a407_config *c, struct a407_record *r);

/* Writes a record of a problem of ours. The same holds. */
void a407_sink_problem(const struct a407_config *c, const char *text);

#endif
