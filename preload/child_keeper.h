/* SPDX-License-Identifier: MIT */
#ifndef A407_CHILD_KEEPER_H
#define A407_CHILD_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * What the keeper of a command (see child.h) and the program share: a block of
 * memory that both see, which also holds the keeper's stacks.
 */
enum a407_child_state {
    A407_CHILD_STARTING,
    A407_CHILD_FAILED,  /* there is no command; `error` tells why */
    A407_CHILD_RUNNING, /* exec has succeeded */
    A407_CHILD_KILLING, /* the program is using the command's pid: it must not
                           be reaped, or the number might be another's */
    A407_CHILD_KILLED,
    A407_CHILD_ENDED /* `status` is known */
};

struct a407_child_job {
    int state; /* an a407_child_state; a futex; atomic accesses only */
    int error; /* errno of what failed */
    int status;
    pid_t command;
    size_t size;                    /* of the block */
    char *keeper_top, *command_top; /* ends of the two stacks */
    pid_t program; /* the keeper ends with the thread that started it, which is
                      this process's; 0: it does not */
    bool copied;   /* the keeper has a copy of the memory, not the same */
    /* good while STARTING: */
    int fd;
    const char *path;
    char *const *argv;
    char *const *envp;
};

/* An empty job, or NULL with errno. Unmapped by a407_child_job_free. */
struct a407_child_job *a407_child_job_new(void);
void a407_child_job_free(struct a407_child_job *j);

/*
 * Starts the keeper, which starts the command. Returns its pid as soon as it
 * runs, -1 with errno if it can't. No signal is ever delivered in it.
 */
pid_t a407_child_keeper_start(struct a407_child_job *j);

#endif
