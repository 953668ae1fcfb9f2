/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"
#include "hooks.h"
#include "host/file_at.h"

/*
 * Programs that are started with another environment. libc's own functions
 * call each other past the hooks, so each of the family stands here; those
 * without an environment go to the one that takes it.
 */

/* A jail is to hold what the program puts there, and nothing of ours. */
A407_EXPORT int chroot(const char *path)
{
    int rc = REAL(chroot)(path);
    if (rc == 0)
        a407_paths_elsewhere();
    return rc;
}

/* Was it made by this process, and not by one that it was forked from? */
static bool is_ours(int fd)
{
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_get(fd);
    bool yes = c && c->maker == getpid();
    if (c)
        a407_conn_put(c);
    a407_leave(saved);
    return yes;
}

/*
 * The program to come knows nothing of a request that is under way. If it gets
 * the connection as its standard input it is there to read the answer. So it
 * is, on any fd, if this process has made the connection itself and has not
 * forked: nobody else is left to read. A vfork child is left alone.
 */
static void before_exec(const void *caller)
{
    if (a407_guard.depth || !a407_own_process())
        return;
    int top = a407_slot_top();
    for (int fd = 0; fd <= top; fd++)
        if (a407_reads(fd) && (fd == 0 || is_ours(fd)) &&
            !(REAL(fcntl)(fd, F_GETFD) & FD_CLOEXEC))
            a407_settle(fd, A407_ANSWER, caller);
}

A407_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    before_exec(A407_CALLER);
    return REAL(execve)(path, argv, a407_follow_env(envp));
}

A407_EXPORT int execv(const char *path, char *const argv[])
{
    before_exec(A407_CALLER);
    return REAL(execve)(path, argv, a407_follow_env(environ));
}

A407_EXPORT int execvpe(const char *file, char *const argv[],
                        char *const envp[])
{
    before_exec(A407_CALLER);
    return REAL(execvpe)(file, argv, a407_follow_env(envp));
}

A407_EXPORT int execvp(const char *file, char *const argv[])
{
    before_exec(A407_CALLER);
    return REAL(execvpe)(file, argv, a407_follow_env(environ));
}

A407_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    before_exec(A407_CALLER);
    return REAL(fexecve)(fd, argv, a407_follow_env(envp));
}

A407_EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
                            const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *restrict attr,
                            char *const argv[restrict],
                            char *const envp[restrict])
{
    return REAL(posix_spawn)(pid, path, actions, attr, argv,
                             a407_follow_env(envp));
}

A407_EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict file,
                             const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *restrict attr,
                             char *const argv[restrict],
                             char *const envp[restrict])
{
    return REAL(posix_spawnp)(pid, file, actions, attr, argv,
                              a407_follow_env(envp));
}

/* ---- argument lists ---- */

/* Why 128: commands have fewer words, and the stack may be a small one. More
   go to the heap, which a child between fork and exec had better not use. */
#define WORDS 128

/*
 * The words of a call as an array, with its NULL; *ap is left behind that.
 * NULL: no memory.
 */
static char **words(char *here[static WORDS], const char *first, va_list *ap)
{
    char **argv = here;
    size_t n = 0, cap = WORDS;
    for (const char *word = first;; word = va_arg(*ap, const char *)) {
        if (n == cap) {
            char **bigger = malloc(2 * cap * sizeof *argv);
            if (bigger)
                memcpy(bigger, argv, n * sizeof *argv);
            if (argv != here)
                free(argv);
            if (!bigger)
                return NULL;
            argv = bigger;
            cap *= 2;
        }
        argv[n++] = (char *)(uintptr_t)word;
        if (!word)
            return argv;
    }
}

enum list { BY_PATH, BY_SEARCH, WITH_ENVIRONMENT };

/* execl() and kin: returns only if it fails. */
static int run_list(enum list how, const char *file, const char *first,
                    va_list *ap, const void *caller)
{
    char *here[WORDS];
    char **argv = words(here, first, ap);
    if (!argv) {
        errno = ENOMEM;
        return -1;
    }
    char *const *envp =
        how == WITH_ENVIRONMENT ? va_arg(*ap, char *const *) : environ;
    before_exec(caller);
    if (how == BY_SEARCH)
        REAL(execvpe)(file, argv, a407_follow_env(envp));
    else
        REAL(execve)(file, argv, a407_follow_env(envp));
    int saved = errno;
    if (argv != here)
        free(argv);
    errno = saved;
    return -1;
}

A407_EXPORT int execl(const char *path, const char *arg, ...)
{
    va_list ap;
    va_start(ap, arg);
    int rc = run_list(BY_PATH, path, arg, &ap, A407_CALLER);
    va_end(ap);
    return rc;
}

A407_EXPORT int execlp(const char *file, const char *arg, ...)
{
    va_list ap;
    va_start(ap, arg);
    int rc = run_list(BY_SEARCH, file, arg, &ap, A407_CALLER);
    va_end(ap);
    return rc;
}

A407_EXPORT int execle(const char *path, const char *arg, ...)
{
    va_list ap;
    va_start(ap, arg);
    int rc = run_list(WITH_ENVIRONMENT, path, arg, &ap, A407_CALLER);
    va_end(ap);
    return rc;
}
