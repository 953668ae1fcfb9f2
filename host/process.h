/* SPDX-License-Identifier: MIT */
#ifndef A407_PROCESS_H
#define A407_PROCESS_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/record/event.h"

/*
 * What /proc tells of a process, 0 for this one: executable, arguments, chain
 * of parents, effective user; and the machine's name. What can't be read stays
 * empty. Of this one, all but ids and arguments is at most 100 ms old: a burst
 * of records shares it. The arguments point into `store`, an empty buffer of at
 * least 256 KiB, in which alone this allocates. Opens and closes files.
 */
void a407_process_fill(struct a407_event_process *p, pid_t pid,
                       struct a407_buf *store);

#endif
