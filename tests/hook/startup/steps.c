/* SPDX-License-Identifier: MIT */
/*
 * How many instructions a program takes from its start to its end, in user
 * space: steps [LIBRARY] PROGRAM. It gets no environment but for LD_PRELOAD.
 * Counted one by one, so that the machine and what else it does are no matter.
 * Exit status 2: no process can be traced here.
 */
#include <err.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void traced(const char *library, char *program)
{
    char preload[4096];
    char *argv[] = {program, NULL};
    char *env[] = {library ? preload : NULL, NULL};
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library ? library : "");
    personality(ADDR_NO_RANDOMIZE); /* the same count each time */
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
        execve(program, argv, env);
    _exit(2);
}

int main(int argc, char **argv)
{
    int status;
    long n = 0;
    if (argc < 2)
        errx(2, "usage: steps [LIBRARY] PROGRAM");
    pid_t pid = fork();
    if (pid == 0)
        traced(argc > 2 ? argv[1] : NULL, argv[argc - 1]);
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0)
            err(2, "ptrace");
        n++;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return 2;
    printf("%ld\n", n);
    return 0;
}
