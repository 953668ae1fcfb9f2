/* SPDX-License-Identifier: MIT */
#ifndef A407_PROCESS_H
#define A407_PROCESS_H

#include "buf.h"
#include "event.h"

/*
 * Who this process is, from /proc: executable, arguments (pointing into
 * `store`), the chain of parents, and the module that holds the address
 * `caller`. What can't be read stays empty. Opens and closes files.
 */
void a407_process_fill(struct a407_event_process *p, struct a407_buf *store,
                       const void *caller);

#endif
