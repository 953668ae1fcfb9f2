/* SPDX-License-Identifier: MIT */
#ifndef A407_CHILD_H
#define A407_CHILD_H

#include <sys/types.h>

#include "core/base/buf.h"

/*
 * A child process (a helper) that its parent, which may be any program, does
 * not notice: no SIGCHLD, no report by wait(), and one fd, at a high number.
 *
 * What has called execve(2) always ends with SIGCHLD to its parent. So the
 * command's parent is a keeper: a child of the program with exit signal 0 that
 * never calls execve, runs on the program's memory (CLONE_VM) and waits for the
 * command. Only wait calls with __WALL or __WCLONE see it, and may reap it. If
 * the program calls execve the keeper stays a zombie until the program ends.
 * SIGSTOP or SIGCONT to the keeper gives the program a SIGCHLD in any case.
 */
struct a407_child_job; /* child_keeper.h */

struct a407_child {
    int fd;          /* our end of a stream socket */
    int other;       /* its end, while the keeper may still have to take it */
    uint64_t cookie; /* SO_COOKIE of it: the program may close any fd */
    pid_t pid;       /* of the keeper; 0: none, the rest is not valid */
    pid_t owner;     /* the process that started it: a forked copy differs */
    struct a407_child_job *job;
};

/*
 * Starts path with argv: fd as standard input and output, /dev/null as standard
 * error, no other fd, no terminal, no signals blocked or handled, and the
 * environment of a407_child_env(). No fork handlers run. Does not wait for
 * execve, except where the keeper can't share the program's fds and memory
 * meanwhile (before Linux 5.9, under valgrind, on most processors). False: *c
 * is empty and errno set: EPERM, also if real, effective and saved users or
 * groups differ or children would be in another PID namespace; ENOENT after
 * chroot().
 *
 * bound: it gets SIGKILL when the calling thread ends before a407_child_end;
 * else it only sees the end of its input.
 *
 * The thread must not be cancelled meanwhile. Under valgrind, which does not
 * support such children, a failed execve shows only by the end of the output.
 */
bool a407_child_start(struct a407_child *c, const char *path,
                      const char *const argv[], bool bound);

/* 1: execve has succeeded; 0: not yet; -1: errno says why not, and *c is empty.
   To be asked until it is not 0. */
int a407_child_started(struct a407_child *c);

/* Is fd still our socket? False, too, in a forked copy of the process. */
bool a407_child_usable(const struct a407_child *c);

/* Closes its standard input. */
void a407_child_send_end(struct a407_child *c);

/* Closes fd: its input and its output. */
void a407_child_hang_up(struct a407_child *c);

/* Does the command run, or is about to? False also if its keeper was killed. */
bool a407_child_runs(const struct a407_child *c);

/*
 * Closes fd, and kills the command's process group if it runs: what is left of
 * it goes with a later call here. Waits for nothing. Returns its exit status,
 * 128+N for a signal, -1 if unknown; *c, which may be zeroed, is empty. In a
 * forked copy of the process only closes fd.
 */
int a407_child_end(struct a407_child *c);

/* Would a child be in our PID namespace? After unshare() or setns() it would be
   PID 1 of a new one, where nothing can be started when it has ended. System
   calls alone; errno is not kept. */
bool a407_child_same_namespace(void);

/* Takes away what is left of those that were ended. False: of some there still
   is. Waits for nothing. */
bool a407_child_sweep(void);

#endif
