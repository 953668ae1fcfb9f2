/* SPDX-License-Identifier: MIT */
#ifndef A407_SINK_H
#define A407_SINK_H

#include "core/config/config.h"
#include "core/record/record.h"

/*
 * To be called when the library starts. Where the log is standard error it
 * remembers which file that is, since 2 may be another one later; in all other
 * programs it makes no system call.
 */
void a407_sink_start(void);

/*
 * Writes one record where AUTH407_LOG says, in less words where a sink takes no
 * long lines; r->lost is set to how many were lost before. Opens, writes and
 * closes; allocates. Waits at most some milliseconds for a busy daemon; a full,
 * missing or forbidden sink, or one record too many for the memory, loses the
 * record, which is counted. errno is not kept.
 */
void a407_sink_put(const struct a407_config *c, struct a407_record *r);

#endif
