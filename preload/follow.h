/* SPDX-License-Identifier: MIT */
#ifndef A407_FOLLOW_H
#define A407_FOLLOW_H

/*
 * With AUTH407_FOLLOW set (to anything but "0") children whose environment was
 * cleaned (env -i, execve with an environment of its own) get back what makes
 * this library work: itself in LD_PRELOAD, and the AUTH407_* variables as they
 * were when this program started.
 */

/* At start-up. Without the setting: one look at the environment, no more. */
__attribute__((cold)) void a407_follow_start(void);

/*
 * The environment for a child: envp itself when there is nothing to add, else
 * a list that adds to it, owned by the calling thread and good until its next
 * call. Allocates then; without memory envp is returned.
 */
char *const *a407_follow_env(char *const envp[]);

#endif
