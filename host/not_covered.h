/* SPDX-License-Identifier: MIT */
#ifndef A407_NOT_COVERED_H
#define A407_NOT_COVERED_H

#include <sys/types.h>

#include "reach.h"

/* A program that is about to start, or has just been, and that the library
   can't work in. */
struct a407_not_covered {
    enum a407_reach reach;
    const char *path;  /* of the file that runs: of a script its interpreter */
    char *const *argv; /* as it gets them */
    char *const *envp; /* NULL: none */
    char *const *once; /* what this process was started with; or NULL */
    pid_t pid;         /* of the process that it runs in */
};

/*
 * Writes a record of it, if there is a proxy in the settings or the credential
 * file, one for a run of auth407. The settings are what the program has in its
 * environment, or this process in its own, or had. Blocks for files and
 * allocates: what was preloaded calls it in a process of its own.
 */
void a407_not_covered_write(const struct a407_not_covered *n);

#endif
