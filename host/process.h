/* SPDX-License-Identifier: MIT */
#ifndef A407_PROCESS_H
#define A407_PROCESS_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/record/event.h"

/*
 * What /proc tells of a process, 0 for this one: executable, arguments
 * (pointing into `store`), the chain of parents, its user, and the machine's
 * name. What can't be read stays empty. Opens and closes files; allocates only
 * in `store`.
 */
void a407_process_fill(struct a407_event_process *p, pid_t pid,
                       struct a407_buf *store);

#endif
