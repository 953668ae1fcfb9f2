/* SPDX-License-Identifier: MIT */
#ifndef A407_FORK_H
#define A407_FORK_H

/* Calls around fork() from here on (a407_at_fork). */
__attribute__((cold)) void a407_fork_start(void);

#endif
