/* SPDX-License-Identifier: MIT */
#ifndef A407_PATHS_H
#define A407_PATHS_H

#include <stdbool.h>

/*
 * The root folder has changed: our paths mean other places now. Files are
 * neither made nor looked for from here on.
 */
void a407_paths_elsewhere(void);
bool a407_paths_valid(void);

#endif
