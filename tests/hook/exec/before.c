/* SPDX-License-Identifier: MIT */
/* Starts a program from a place where little works. usage: before WAY PROGRAM
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Memory that only this process gets: a copy of it waits for ever. */
static pid_t only;

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    while (only && getpid() != only)
        pause();
    volatile char *p = malloc(n * size);
    for (size_t i = 0; p && i < n * size; i++)
        p[i] = 0; /* by hand: memset() would make it a calloc() again */
    return (void *)(uintptr_t)p;
}

/* EPERM for one system call. */
static int forbid(unsigned number)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog all = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all);
}

static char *const *words;

static void in_handler(int number)
{
    (void)number;
    execv(words[0], words);
    _exit(1);
}

/* The child of vfork() is on our memory. */
static int by_vfork(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execv(words[0], words);
        _exit(1);
    }
    return waitpid(pid, NULL, 0) != pid;
}

/* A program's own waits see its own children, and no other. */
static int by_spawn(void)
{
    pid_t pid;
    sigset_t before = {0}, after = {0};
    sigprocmask(SIG_SETMASK, NULL, &before);
    if (posix_spawn(&pid, words[0], NULL, NULL, words, environ) != 0)
        return 1;
    sigprocmask(SIG_SETMASK, NULL, &after);
    if (memcmp(&before, &after, sizeof before) != 0)
        return 2;
    if (waitpid(-1, NULL, 0) != pid)
        return 3;
    return waitpid(-1, NULL, 0) == -1 && errno == ECHILD ? 0 : 4;
}

/* With no variable; the list that there was, of one page, is gone. */
static int after_move(void)
{
    static char *const none[] = {NULL};
    char **old = environ;
    if (setenv("MOVED", "1", 1) || munmap(old, 4096))
        return 6;
    execve(words[0], words, none);
    return errno;
}

int main(int argc, char **argv)
{
    const char *way = argc > 2 ? argv[1] : "";
    words = argv + 2;
    if (strcmp(way, "vfork") == 0)
        return by_vfork();
    if (strcmp(way, "spawn") == 0)
        return by_spawn();
    if (strcmp(way, "moved") == 0)
        return after_move();
    if (strcmp(way, "stuck") == 0)
        only = getpid();
    if (strcmp(way, "handler") == 0) {
        signal(SIGUSR1, in_handler);
        raise(SIGUSR1);
    }
    if ((strcmp(way, "openat") == 0 && forbid(SYS_openat)) ||
        (strcmp(way, "clone") == 0 && forbid(SYS_clone)) ||
        (strcmp(way, "wait4") == 0 && forbid(SYS_wait4)))
        return 5;
    execv(words[0], words);
    return errno;
}
