/* SPDX-License-Identifier: MIT */
#ifndef A407_PRELOAD_NOT_COVERED_H
#define A407_PRELOAD_NOT_COVERED_H

#include <stdbool.h>
#include <sys/types.h>

/* At start-up: remembers the environment; makes no system call. */
__attribute__((cold)) void a407_not_covered_start(void);

/* What an exec function is given. */
struct a407_exec {
    const char *file; /* NULL: fd */
    int fd;
    bool search; /* `file` is looked up in PATH, if it has no "/" */
    char *const *argv;
    char *const *envp;
    pid_t pid; /* of the process that the program is in */
};

/*
 * Writes a record if the library can't work in a program that is about to start
 * or was just started, and none was written on it by this process. For one that
 * it works in: open, pread, statx and close, of a script also of its
 * interpreter. Async-signal-safe, also between vfork() and exec: only system
 * calls, no lock, no allocation; keeps errno. For the record it waits, half a
 * second at most.
 */
void a407_not_covered_look(const struct a407_exec *x);

#endif
