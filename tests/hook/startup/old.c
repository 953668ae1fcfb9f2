/* SPDX-License-Identifier: MIT */
/* A client that any glibc can run, also one far older than that which it was
   built with: it has no start file, which would ask for a new one. Prints what
   it and a child of it see. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch.h"

void _start(void);

#ifdef __x86_64__ /* the kernel leaves the stack as no call does */
__attribute__((force_align_arg_pointer))
#endif
void _start(void)
{
    printf("%d\n", fetch(0));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        printf("%d\n", fetch(0));
        exit(0);
    }
    waitpid(child, NULL, 0);
    exit(0);
}
