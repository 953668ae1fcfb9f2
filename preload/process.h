/* SPDX-License-Identifier: MIT */
#ifndef A407_PROCESS_H
#define A407_PROCESS_H

#include "core/base/buf.h"
#include "core/record/event.h"

/*
 * Who this process is, from /proc: executable, arguments (pointing into
 * `store`), the chain of parents, the user, the machine, and the module that
 * holds the address `caller`. For a call that libc made (stdio), `opener`, who
 * opened the stream, stands for it; NULL: nobody did. What can't be read stays
 * empty. Opens and closes files; allocates only in `store`.
 */
void a407_process_fill(struct a407_event_process *p, struct a407_buf *store,
                       const void *caller, const void *opener);

#endif
