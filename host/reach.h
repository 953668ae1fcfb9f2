/* SPDX-License-Identifier: MIT */
#ifndef A407_REACH_H
#define A407_REACH_H

#include "elf.h"

/* Why the library can't do its work in a program. */
enum a407_reach {
    A407_REACH_FULL,        /* nothing known against it */
    A407_REACH_STATIC,      /* no dynamic linking at all */
    A407_REACH_GO,          /* makes its own system calls */
    A407_REACH_LIBC,        /* dynamic, but with a C library other than glibc */
    A407_REACH_MACHINE,     /* of another machine or word size */
    A407_REACH_SECURE,      /* gains privileges: AT_SECURE, ld.so(8) */
    A407_REACH_ENVIRONMENT, /* is started without LD_PRELOAD */
    A407_REACH_COUNT
};

/* The word for it in the log, and what the program is or does, to stand behind
   its name. "" for FULL. */
const char *a407_reach_name(enum a407_reach r);
const char *a407_reach_words(enum a407_reach r);

/* Could the library, made for `ours`, work in the program at `path`? Its rights
   and its environment are not asked for. */
enum a407_reach a407_reach_judge(const char *path, const struct a407_elf *e,
                                 const struct a407_elf_kind *ours);

/* Would execve set AT_SECURE, so that ld.so drops the library? One system call
   unless the file's mode asks for more. whole: looks also for the capabilities
   of the file. */
bool a407_reach_secure(int fd, bool whole);

/* The next word of *line, NUL-terminated in place, or NULL. */
char *a407_next_word(char **line);

/* What the kernel looks at of a script, and how many "#!" it follows: its
   BINPRM_BUF_SIZE, and execve(2). */
#define A407_SCRIPT_LINE  256
#define A407_SCRIPT_DEPTH 5

/* The first line of a script as a text in `line`, which begins with "#!".
   False: the file does not. */
bool a407_script_line(const struct a407_head *h, char line[A407_SCRIPT_LINE]);

#endif
