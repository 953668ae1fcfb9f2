/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"
#include "host/file_at.h"
#include "host/handed.h"
#include "host/object.h"
#include "not_covered.h"
#include "other_libc.h"
#include "settings.h"

/* ---- the environment of a child ---- */

/* AUTH407_* variables kept; there are some fifteen. */
#define KEPT_MAX 32

static char *kept[KEPT_MAX]; /* "NAME=value"; set once, at start */
static size_t n_kept;
static char *library; /* our own path; NULL: not asked to follow */

/* One list a thread, used again: a vfork child leaves its parent no litter. */
static __thread char **list __attribute__((tls_model("initial-exec")));
static __thread size_t list_n __attribute__((tls_model("initial-exec")));
static __thread char *preload __attribute__((tls_model("initial-exec")));

void a407_follow_start(void)
{
    const char *ask = secure_getenv("AUTH407_FOLLOW");
    Dl_info self;
    if (!ask || !*ask || strcmp(ask, "0") == 0 ||
        !a407_object_of(&kept, &self) || a407_in_own_program())
        return;
    for (char **e = environ; *e && n_kept < KEPT_MAX; e++)
        if (strncmp(*e, "AUTH407_", 8) == 0 && (kept[n_kept] = strdup(*e)))
            n_kept++;
    library = realpath(self.dli_fname, NULL);
}

static char *const *find(char *const envp[], const char *name)
{
    size_t n = strcspn(name, "=");
    while (*envp && (strncmp(*envp, name, n) != 0 || (*envp)[n] != '='))
        envp++;
    return *envp ? envp : NULL;
}

/* "LD_PRELOAD=us:theirs" */
static char *with_library(const char *theirs)
{
    const char *value = theirs ? strchr(theirs, '=') + 1 : "";
    size_t n = strlen(library) + strlen(value) + 16;
    char *z = malloc(n);
    if (z)
        snprintf(z, n, "LD_PRELOAD=%s%s%s", library, *value ? ":" : "", value);
    return z;
}

static void thread_ends(void *ctx)
{
    (void)ctx;
    free(list);
    free(preload);
    list = NULL;
    preload = NULL;
    list_n = 0;
}

static bool room(size_t n)
{
    if (n <= list_n)
        return true;
    if (!list)
        a407_at_thread_exit(thread_ends);
    char **bigger = realloc(list, n * sizeof *list);
    if (!bigger)
        return false;
    list = bigger;
    list_n = n;
    return true;
}

/*
 * The environment for a child: envp itself when there is nothing to add, or no
 * memory; else a list that is the thread's and good until its next call.
 */
static char *const *follow_env(char *const envp[])
{
    static char *const nothing[] = {NULL};
    size_t n = 0;
    if (!library)
        return envp;
    if (!envp)
        envp = nothing;
    char *const *own = find(envp, "LD_PRELOAD=");
    bool there = own && strstr(*own, library);
    for (char *const *e = envp; *e; e++)
        n++;
    if (!room(n + n_kept + 2))
        return envp;
    n = 0;
    for (char *const *e = envp; *e; e++)
        if (there || e != own)
            list[n++] = *e;
    for (size_t i = 0; i < n_kept; i++)
        if (!find(envp, kept[i]))
            list[n++] = kept[i];
    if (!there) {
        free(preload);
        preload = with_library(own ? *own : NULL);
        if (preload)
            list[n++] = preload;
        else if (own)
            list[n++] = *own;
    }
    list[n] = NULL;
    return list;
}

/* ... to which what was handed over goes along. */
static char *const *env_for(char *const envp[])
{
    char *const *whole = follow_env(envp);
    if (a407_handed_some())
        a407_handed_pass(whole && find(whole, A407_HANDED));
    return whole;
}

/* ---- the calls ---- */

/* libc's exec functions call each other past the hooks, so each is here; those
   without an environment go to the one that takes it. */

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
 * The new program, which knows nothing of the request, reads the answer if it
 * gets the connection as standard input; on any fd if this process connected it
 * and has not forked, so that nobody else is left to. Not in a vfork child.
 */
static void before_exec(const void *caller)
{
    if (a407_guard.depth || !a407_own_process())
        return;
    int top = a407_slot_top();
    for (int fd = 0; fd <= top; fd++)
        if (a407_reads(fd) && (fd == 0 || is_ours(fd)) &&
            !(REAL(fcntl)(fd, F_GETFD) & FD_CLOEXEC))
            a407_wait_until(fd, A407_ANSWERED, caller);
}

/* The exec functions: all that they do before the system's own, which goes on
   with x->envp. */
static void begin_exec(struct a407_exec *x, const void *caller)
{
    before_exec(caller);
    x->envp = env_for(x->envp);
    x->pid = getpid();
    a407_not_covered_look(x);
}

static int run_path(const char *path, char *const argv[], char *const envp[],
                    const void *caller)
{
    struct a407_exec x = {.file = path, .argv = argv, .envp = envp};
    begin_exec(&x, caller);
    return REAL(execve)(path, argv, x.envp);
}

static int run_search(const char *file, char *const argv[], char *const envp[],
                      const void *caller)
{
    struct a407_exec x = {
        .file = file, .search = true, .argv = argv, .envp = envp};
    begin_exec(&x, caller);
    return REAL(execvpe)(file, argv, x.envp);
}

A407_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    return run_path(path, argv, envp, A407_CALLER);
}

A407_EXPORT int execv(const char *path, char *const argv[])
{
    return run_path(path, argv, environ, A407_CALLER);
}

A407_EXPORT int execvpe(const char *file, char *const argv[],
                        char *const envp[])
{
    return run_search(file, argv, envp, A407_CALLER);
}

A407_EXPORT int execvp(const char *file, char *const argv[])
{
    return run_search(file, argv, environ, A407_CALLER);
}

A407_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    struct a407_exec x = {.fd = fd, .argv = argv, .envp = envp};
    begin_exec(&x, A407_CALLER);
    return REAL(fexecve)(fd, argv, x.envp);
}

typedef int spawn_fn(pid_t *restrict, const char *restrict,
                     const posix_spawn_file_actions_t *,
                     const posix_spawnattr_t *restrict, char *const[restrict],
                     char *const[restrict]);

/* Who has not been started is not told of. */
static int spawn(spawn_fn *real, pid_t *pid, struct a407_exec *x,
                 const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attr)
{
    x->envp = env_for(x->envp);
    pid_t *to = pid ? pid : &x->pid;
    int rc = real(to, x->file, actions, attr, x->argv, x->envp);
    if (rc != 0)
        return rc;
    x->pid = *to;
    a407_not_covered_look(x);
    return 0;
}

A407_EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
                            const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *restrict attr,
                            char *const argv[restrict],
                            char *const envp[restrict])
{
    struct a407_exec x = {.file = path, .argv = argv, .envp = envp};
    return spawn(REAL(posix_spawn), pid, &x, actions, attr);
}

A407_EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict file,
                             const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *restrict attr,
                             char *const argv[restrict],
                             char *const envp[restrict])
{
    struct a407_exec x = {
        .file = file, .search = true, .argv = argv, .envp = envp};
    return spawn(REAL(posix_spawnp), pid, &x, actions, attr);
}

/* ---- argument lists ---- */

/* Why 128: commands have fewer words, and the stack may be a small one. More
   go to the heap, which a child between fork and exec had better not use. */
#define WORDS 128

/* The words of a call as an array, with its NULL; *ap is behind that. NULL: no
   memory. */
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
    if (how == BY_SEARCH)
        run_search(file, argv, envp, caller);
    else
        run_path(file, argv, envp, caller);
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
