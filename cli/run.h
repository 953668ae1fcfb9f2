/* SPDX-License-Identifier: MIT */
#ifndef A407_RUN_H
#define A407_RUN_H

#include <limits.h>
#include <stdbool.h>

#include "host/reach.h"
#include "options.h"

/* A program as the system would start it. */
struct a407_target {
    int error;              /* 0, ENOENT or another errno of execvp(3) */
    char path[PATH_MAX];    /* the file that PATH leads to */
    char binary[PATH_MAX];  /* the ELF file that runs in the end: the script's
                               interpreter, or `path` itself */
    char missing[PATH_MAX]; /* an interpreter that does not exist; or empty */
    enum a407_reach reach;
    bool shell;  /* `path` is text without "#!": a shell reads it */
    bool secure; /* setuid, setgid or file capabilities: AT_SECURE, ld.so(8) */
    char interpreter[PATH_MAX]; /* of the ELF file; empty if static */
};

/* Looks a program up as execvp(3) does: fills `out`, or makes it empty, and
   returns 0 or the errno that execvp would give. Blocks for files. */
int a407_target_find(const char *name, char out[PATH_MAX]);

/* Looks `name` up, follows "#!" lines and says whether the library could work
   in what is found. Nothing is held against a file that can't be read. Blocks
   for files, allocates nothing. */
void a407_target_inspect(const char *name, const struct a407_elf_kind *library,
                         struct a407_target *out);

/* One warning line for each thing that keeps the library out. */
void a407_target_warn(const struct a407_target *t);

/* Becomes the command, with the library preloaded. Returns only on failure,
   said on standard error: the exit status. */
int a407_run(const struct a407_invocation *inv);

/* Prints the lines for eval, or those that undo them. Returns the exit status;
   what is wrong is said on standard error, and nothing printed then. */
int a407_env(const struct a407_invocation *inv);

/* Becomes the shell of SHELL, as a407_run does; its prompt is marked. */
int a407_shell(const struct a407_invocation *inv);

/*
 * Finds libauth407.so: $AUTH407_LIBRARY, else beside this program, else in
 * ../lib/auth407 from there. Fills `path` (PATH_MAX bytes, absolute) and `elf`.
 * False: none, no shared library, or LD_PRELOAD can't carry its name; said on
 * standard error. Blocks for files.
 */
bool a407_library_find(char *path, struct a407_elf *elf);

/* Becomes a program of ours, auth407-report or auth407-doctor, which is found
   beside a library that AUTH407_LIBRARY names, or as the library is; argv[1] on
   are its arguments. Returns as a407_run does. */
int a407_part_start(const char *name, char **argv);

/* The value of LD_PRELOAD: `library` (if `load`) in front of the entries of
   `old` (NULL: none), without other copies of it. Allocates; NULL: memory ran
   out. */
char *a407_library_preload(const char *library, const char *old, bool load);

#endif
