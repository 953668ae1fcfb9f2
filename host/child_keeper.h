/* SPDX-License-Identifier: MIT */
#ifndef A407_CHILD_KEEPER_H
#define A407_CHILD_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A shared mapping of the program and the keeper (child.h), which also holds
   the stack of the keeper and, until its exec, of the command. */
enum a407_child_state {
    A407_CHILD_STARTING,
    A407_CHILD_FAILED,  /* there is no command; `error` tells why */
    A407_CHILD_RUNNING, /* exec has succeeded */
    A407_CHILD_KILLING, /* the program calls kill(): the command must not be
                           reaped, or the pid may be reused */
    A407_CHILD_KILLED,
    A407_CHILD_ENDED /* `status` is known */
};

struct a407_child_job {
    int state; /* an a407_child_state; a futex; atomic accesses only */
    int error; /* errno of what failed */
    int status;
    pid_t command;
    size_t size;   /* of the block */
    char *top;     /* the end of the stack */
    pid_t program; /* the keeper is to end with the thread of this process that
                      started it; 0: it is not */
    bool copied;   /* no CLONE_VM: the keeper runs on a copy of the memory */
    bool waits;    /* the program must, until exec has succeeded or failed */
    /* the command's end of the socket, until the keeper has taken it */
    int fd;
    uint64_t cookie;
    /* in the block */
    char **path; /* [0] */
    char **argv, **envp;
    _Alignas(char *) char room[];
};

/* A job with `room`, or NULL with errno. Unmapped by a407_child_job_free. */
struct a407_child_job *a407_child_job_new(size_t room);
void a407_child_job_free(struct a407_child_job *j);

/* Starts the keeper, which starts the command: its pid, or -1 with errno. All
   signals are blocked in the keeper. Does not wait for the command. */
pid_t a407_child_keeper_start(struct a407_child_job *j);

#endif
