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

#define A407_PROCESS_ID 64

/*
 * A text that no other process has while the machine runs; 0: of this one. Its
 * first word says where pids are counted: only where that is the same in two of
 * them do they tell anything of each other. False: it has ended, or /proc can't
 * be read. Opens and closes a file.
 */
bool a407_process_id(pid_t pid, char out[A407_PROCESS_ID]);

/* Has the process that has this id ended? False: it runs, or nobody knows. */
bool a407_process_ended(const char *id);

#endif
