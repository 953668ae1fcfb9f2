/* SPDX-License-Identifier: MIT */
#ifndef A407_OTHER_LIBC_H
#define A407_OTHER_LIBC_H

#include <pthread.h>
#include <stdbool.h>

/* Is the program's libc glibc? Its FILE and its flags are only then known. */
bool a407_is_glibc(void);

/* Looks up what the two below need, and libc has only since glibc 2.32
   and 2.34: when there is something to lock. Nothing is held. */
void a407_names_find(void);

/* Has the process had one thread only, from the start? Where nobody knows: no.
 */
bool a407_single_threaded(void);

/* pthread_mutex_trylock(), which a glibc before 2.34 has only in libpthread:
   where that is not loaded nobody has the lock. */
bool a407_mutex_trylock(pthread_mutex_t *lock);

/* pthread_atfork, in a way that does not tie the library to glibc. */
__attribute__((cold)) void
a407_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

/* Calls `end` when this thread ends; on musl, which has no way to do so
   without a thread's key, never. */
void a407_at_thread_exit(void (*end)(void *));

#endif
