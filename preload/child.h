/* SPDX-License-Identifier: MIT */
#ifndef A407_CHILD_H
#define A407_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"

/*
 * A process of ours beside the program: the Kerberos helper, or the command of
 * a credential. The program must not notice it: it gets no SIGCHLD for it, its
 * wait() does not see it, and the one fd that we hold is out of its way.
 *
 * A process that executes another file tells its parent of its end by SIGCHLD,
 * whatever it was made with (execve(2)). So the command has a keeper for a
 * parent: a child of the program that executes nothing, tells nobody of its
 * end, runs a page of our code in the program's memory, and waits. Only a wait
 * with __WALL or __WCLONE, which few programs but debuggers do, can see it; if
 * one takes it away, nothing is lost. A program that executes another in the
 * middle of a handshake keeps the keeper's zombie until its own end. And
 * whoever stops the keeper by SIGSTOP, or lets it go on by SIGCONT, gives the
 * program a SIGCHLD each: the kernel sends it whatever the child was made with.
 * No wait() of the program reports it.
 */
struct a407_child_job; /* child_keeper.h */

struct a407_child {
    int fd;          /* our end of a stream socket: the standard input and
                        output of the command */
    uint64_t cookie; /* SO_COOKIE of it: the program may close fds in bulk */
    pid_t pid;       /* of the keeper; 0: there is none, nothing else counts */
    pid_t owner;     /* who has started it: not a copy made by fork */
    struct a407_child_job *job;
};

/*
 * Starts path with argv, in the program's own environment without the preload
 * of this library and without variables that hold our secrets; its standard
 * error is /dev/null, it has no other fd and no terminal, and no signal is
 * blocked or has a handler. No fork handler of the program runs. False: errno
 * tells, *c is empty. Blocks until exec, or until_ms (wait.h; ETIMEDOUT).
 * Must be ended with a407_child_end.
 *
 * EPERM, too: the real, effective and saved users or groups are not the same,
 * or children of the program belong to another PID namespace.
 * ENOENT, too: the program is in another root folder, whose files are not the
 * ones that were meant.
 *
 * bound: it ends with this thread, if that ends before a407_child_end, by
 * whatever kills the program, say. Else it is left to see its input end.
 *
 * Called inside a407_enter. Under valgrind, which does not know such children,
 * a failing exec shows only in that nothing is received.
 */
bool a407_child_start(struct a407_child *c, const char *path,
                      const char *const argv[], bool bound, int64_t until_ms);

/* Is fd ours to talk by? A copy of the process (fork) shares the socket, but
   the talk is not its own. */
bool a407_child_usable(const struct a407_child *c);

/* Nothing more will be sent: its standard input ends. */
void a407_child_send_end(struct a407_child *c);

/* Closes fd: its input and its output end. */
void a407_child_hang_up(struct a407_child *c);

/* Does the command still run? False also where nobody will ever know. */
bool a407_child_runs(const struct a407_child *c);

/*
 * Closes fd, waits for its end, and ends it by SIGKILL at until_ms, with what
 * it has started and left in its group. Returns its exit status, 128+N for a
 * signal, -1 if unknown. Safe on an ended one and on a zeroed one. In a copy of
 * the process (fork) only the fd is closed.
 */
int a407_child_end(struct a407_child *c, int64_t until_ms);

#endif
