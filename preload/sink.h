/* SPDX-License-Identifier: MIT */
#ifndef A407_SINK_H
#define A407_SINK_H

#include "buf.h"
#include "config.h"

/*
 * Writes one record, a JSON object and "\n", where AUTH407_LOG says: a file
 * (opened, appended to in one write(), closed; its folders are made), stderr,
 * syslog (RFC 5424 in one datagram to /dev/log), journald (its native
 * protocol), or nowhere. Never waits: a full or missing sink loses the line,
 * which is counted. errno is not kept.
 */
void a407_sink_put(const struct a407_config *c, const struct a407_buf *line);

/* Lines that no sink took, in this process. */
unsigned a407_sink_lost(void);

#endif
