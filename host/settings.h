/* SPDX-License-Identifier: MIT */
#ifndef A407_HOST_SETTINGS_H
#define A407_HOST_SETTINGS_H

#include "core/config/config.h"
#include "core/engine/engine.h"

/*
 * Reads settings: the variables that `get` finds, and the credential file. What
 * is wrong with them goes to the log, but for a file that is only observed by;
 * the log's path becomes absolute. NULL: nothing is to be done (mode off), or
 * no memory. The caller frees. Blocks for files. In a preloaded process: inside
 * the guard.
 */
struct a407_config *a407_settings_read(a407_getenv_fn *get, void *ctx);

/* This process's own variables, and what was handed to it (handed.h); none in a
   set-user-ID program. */
const char *a407_environment(void *ctx, const char *name);

/* What engines call: the kernel's random bytes. Does not block once the machine
   has booted. */
extern const struct a407_host a407_machine;

#endif
