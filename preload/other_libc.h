/* SPDX-License-Identifier: MIT */
#ifndef A407_OTHER_LIBC_H
#define A407_OTHER_LIBC_H

/* pthread_atfork, in a way that does not tie the library to glibc. */
void a407_at_fork(void (*prepare)(void), void (*parent)(void),
                  void (*child)(void));

#endif
