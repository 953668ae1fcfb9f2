/* SPDX-License-Identifier: MIT */
#ifndef A407_CHILD_ENV_H
#define A407_CHILD_ENV_H

#include <stdbool.h>

/*
 * The environment for a child of ours: the program's, without this library in
 * LD_PRELOAD, without our secrets, and with this library off: a command that
 * goes through the proxy itself must not start itself again. The strings but
 * one are the program's own. NULL: no memory. The caller frees the list.
 */
char **a407_child_env(void);

/*
 * Takes a copy of this library, which is at `library`, out of an LD_PRELOAD
 * list, in place: two in one process would both answer the same 407. False:
 * nothing is left. Asks for files.
 */
bool a407_preload_strip(char *list, const char *library);

#endif
