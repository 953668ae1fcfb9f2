/* SPDX-License-Identifier: MIT */
#ifndef A407_MEMORY_TRIAL_H
#define A407_MEMORY_TRIAL_H

#include "memory_folder.h"

/* Who tries a secret: a file that names the process. Private to memory.c. */

/* Takes the trial, if nobody has it or who has it is not waited for any more
   (a407_memory_try). Where files can't be written all may. Waits for nobody. */
enum a407_may a407_trial_begin(const struct a407_folder *f, const char *name);

/* Ends it, unless another process has taken it over. */
void a407_trial_end(const struct a407_folder *f, const char *name);

#endif
