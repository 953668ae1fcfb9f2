/* SPDX-License-Identifier: MIT */
#ifndef A407_PATHS_H
#define A407_PATHS_H

/* Makes the folders that lead to a file, mode 0700. Errors show up when the
   file is opened. */
void a407_make_parents(const char *path);

#endif
