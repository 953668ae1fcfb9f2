/* SPDX-License-Identifier: MIT */
#ifndef A407_ANSWERS_H
#define A407_ANSWERS_H

#include "core/base/buf.h"
#include "memory.h"

/*
 * What a helper said and when that ends, for the user's next processes: in the
 * folder of the session alone, so that it is never on a disk.
 * AUTH407_HELPER_MEMORY=no: nothing is kept. Blocks for files, allocates.
 */

/* Keeps an answer in git's credential protocol, unless it ends soon or says
   nothing of its end (`ends` 0), seconds since the epoch. */
void a407_answers_keep(const struct a407_owner *o, struct a407_span answer,
                       int64_t ends);

/* Appends one that holds for some time still. False: there is none. */
bool a407_answers_find(const struct a407_owner *o, struct a407_buf *out);

/* It was refused. */
void a407_answers_drop(const struct a407_owner *o);

#endif
