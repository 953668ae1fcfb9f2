/* SPDX-License-Identifier: MIT */
#ifndef A407_OTHER_LIBC_H
#define A407_OTHER_LIBC_H

#include <stdbool.h>

/* Is the program's libc glibc? Its FILE and its flags are only then known. */
bool a407_is_glibc(void);

/* Has the process had one thread only, from the start? */
bool a407_single_threaded(void);

/* pthread_atfork, in a way that does not tie the library to glibc. */
__attribute__((cold)) void
a407_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

/* Calls `end` when this thread ends; on musl, which has no way to do so
   without a thread's key, never. */
void a407_at_thread_exit(void (*end)(void *));

#endif
