/* SPDX-License-Identifier: MIT */
#ifndef A407_SINK_H
#define A407_SINK_H

#include "core/config/config.h"
#include "core/record/event.h"

/*
 * To be called when the library starts. Where the log is standard error it
 * remembers which file that is, since 2 may be another one later; in all other
 * programs it makes no system call.
 */
void a407_sink_start(void);

/*
 * Writes one record where AUTH407_LOG says. `line` is its JSON and "\n", which
 * may be changed: it says how many records were lost before, and is shortened
 * for a sink that takes no long ones. `e` is what it was made of; NULL for a
 * problem of ours, whose text is `problem`. Opens, writes and closes. Waits at
 * most some milliseconds for a busy daemon; a full, missing or forbidden sink
 * loses the record, which is counted. errno is not kept.
 */
void a407_sink_put(const struct a407_config *c, const struct a407_event *e,
                   const char *problem, struct a407_buf *line);

/* A record that could not be made: memory ran out. It counts as lost. */
void a407_sink_missed(const struct a407_config *c);

#endif
