/* SPDX-License-Identifier: MIT */
#ifndef A407_CHILD_H
#define A407_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"

/*
 * A process of ours beside the program: the Kerberos helper, or the command of
 * a credential. The program must not notice it: it gets no SIGCHLD for it, its
 * wait() does not see it, and the one fd that we hold is out of its way.
 */
struct a407_child {
    int fd;          /* our end of a stream socket: its standard input and
                        output; -1: none */
    uint64_t cookie; /* SO_COOKIE of it: the program may close fds in bulk */
    pid_t pid;       /* 0: none */
};

/*
 * Starts path with argv, in the program's own environment without the preload
 * of this library and without variables that hold our secrets; its standard
 * error is /dev/null. No fork handler of the program runs. False: errno tells.
 * Blocks until exec. Must be ended with a407_child_end.
 */
bool a407_child_start(struct a407_child *c, const char *path,
                      const char *const argv[]);

/* Sends all of it. False: it has gone, or until_ms (monotonic) has passed. */
bool a407_child_send(struct a407_child *c, const void *p, size_t n,
                     int64_t until_ms);

/* Nothing more will be sent: its standard input ends. */
void a407_child_send_end(struct a407_child *c);

/*
 * Appends what it says to out, up to `upto` being at out's end ("\n\n", say;
 * NULL: up to the end of its output). False: as above, or out is full.
 */
bool a407_child_receive(struct a407_child *c, struct a407_buf *out,
                        const char *upto, int64_t until_ms);

/* Waits for its end, and ends it by SIGKILL at until_ms. Returns its exit
   status, 128+N for a signal, -1 if unknown. Closes fd. Safe on an ended one.
 */
int a407_child_end(struct a407_child *c, int64_t until_ms);

#endif
