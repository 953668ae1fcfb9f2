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

/*
 * open() with mode 0600. Where root opens a file in another user's folder, one
 * that is made belongs to that user, and no symbolic link is followed.
 */
int a407_open_file(const char *path, int how);

/* Makes the folders that lead to a file, mode 0700; root makes them for whom
   a407_open_file() does. Errors show up when the
   file is opened. */
void a407_make_parents(const char *path);

#endif
