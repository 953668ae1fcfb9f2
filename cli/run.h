/* SPDX-License-Identifier: MIT */
#ifndef A407_RUN_H
#define A407_RUN_H

#include <stdbool.h>

#include "options.h"
#include "target.h"

/*
 * Becomes the command, with the library preloaded. Returns only on failure,
 * with the exit status (A407_EXIT_...), after saying why on standard error.
 */
int a407_run(const struct a407_invocation *inv);

/*
 * Finds libauth407.so: $AUTH407_LIBRARY, else beside this program, else in
 * ../lib/auth407 from there. Fills `path` (PATH_MAX bytes, absolute) and `elf`.
 * False: none was found, it is no shared library of this machine, or LD_PRELOAD
 * can't carry its name; said on standard error. Blocks for files.
 */
bool a407_library_find(char *path, struct a407_elf *elf);

/*
 * Becomes auth407-report, which is found beside a library that AUTH407_LIBRARY
 * names, or as the library is. argv[1] on are its arguments. Returns only when
 * it can't be started, said on standard error: the exit status.
 */
int a407_report_start(char **argv);

/*
 * The value of LD_PRELOAD: `library` (if `load`) in front of the entries of
 * `old` (NULL: none), which keep their order, without other copies of this
 * library. Allocates; NULL: memory ran out.
 */
char *a407_library_preload(const char *library, const char *old, bool load);

#endif
