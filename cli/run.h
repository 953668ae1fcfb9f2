/* SPDX-License-Identifier: MIT */
#ifndef A407_RUN_H
#define A407_RUN_H

#include "options.h"

/*
 * Becomes the command, with the library preloaded. Returns only on failure,
 * with the exit status (A407_EXIT_...), after saying why on standard error.
 */
int a407_run(const struct a407_invocation *inv);

#endif
