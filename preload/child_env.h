/* SPDX-License-Identifier: MIT */
#ifndef A407_CHILD_ENV_H
#define A407_CHILD_ENV_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The environment for a child of ours: the program's, without this library in
 * LD_PRELOAD, without our secrets, and with this library off: a command that
 * goes through the proxy itself must not start itself again. The strings but
 * one are the program's own. NULL: no memory. The caller frees the list.
 */
char **a407_child_env(void);

/*
 * The path of a file that lies beside this library. False: it does not fit, or
 * nobody knows where the library is. Reads /proc/self/maps if it was loaded
 * by a relative path.
 */
bool a407_child_beside(const char *name, char *out, size_t cap);

#endif
