/* SPDX-License-Identifier: MIT */
#include "not_covered.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "guard.h"
#include "host/child.h"
#include "host/not_covered.h"

/* ---- can the library work in it? ---- */

/* The start of this very object. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* What is at a path, and what runs it in the end. Not on the stack: a handler
   of signals and a small thread, which may exec as well, have some KB. */
struct found {
    char path[PATH_MAX];
    bool elf;
    enum a407_reach reach;
    /* what is read of the file */
    struct a407_head head;
    struct a407_elf image;
    char line[A407_SCRIPT_LINE];
};

/* Not libc's, which is a cancellation point. */
static int open_file(const char *path)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path,
                        O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
                            O_LARGEFILE);
}

/* True: f->path is now that of the interpreter. */
static bool look_at(int fd, struct found *f)
{
    const struct a407_elf_kind ours = {__ehdr_start.e_ident[EI_CLASS],
                                       __ehdr_start.e_ident[EI_DATA],
                                       __ehdr_start.e_machine};
    char *rest = f->line + 2, *program = NULL;
    if (!a407_head_read(&f->head, fd))
        return false;
    f->elf = a407_elf_read(&f->head, false, &f->image);
    if (f->elf) {
        f->reach = a407_reach_judge(f->path, &f->image, &ours);
        if (!f->reach && a407_reach_secure(fd, false))
            f->reach = A407_REACH_SECURE;
    } else if (a407_script_line(&f->head, f->line)) {
        program = a407_next_word(&rest);
    }
    if (program)
        memcpy(f->path, program, strlen(program) + 1);
    return program;
}

/* Where execvp() would find it first; -1: nowhere. f->path is its path. */
static int find(const struct a407_exec *x, struct found *f)
{
    const char *dir = getenv("PATH"), *end;
    size_t n = strlen(x->file);
    int fd = -1;
    if (!x->search || strchr(x->file, '/'))
        dir = "";
    else if (!dir)
        dir = "/bin:/usr/bin";
    for (; fd < 0; dir = end + 1) {
        end = strchrnul(dir, ':');
        size_t k = (size_t)(end - dir);
        if (k + n + 2 <= sizeof f->path) {
            memcpy(f->path, dir, k);
            f->path[k] = '/';
            memcpy(f->path + k + (k > 0), x->file, n + 1);
            fd = open_file(f->path);
        }
        if (!*end)
            break;
    }
    return fd;
}

static void judge(const struct a407_exec *x, struct found *f)
{
    int fd;
    bool again;
    if (x->file) {
        fd = find(x, f);
    } else {
        snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", x->fd);
        fd = open_file(f->path);
    }
    for (int depth = 0; fd >= 0; depth++) {
        again = look_at(fd, f) && depth < A407_SCRIPT_DEPTH;
        syscall(SYS_close, fd);
        fd = again ? open_file(f->path) : -1;
    }
}

/* Is there a variable that names a proxy, or one of ours? Without any no file
   is opened: most programs have nothing to do with a proxy. */
static bool concerns_us(char *const list[])
{
    for (; list && *list; list++) {
        const char *end = strchrnul(*list, '=');
        if (**list == 'A' && strncmp(*list, "AUTH407_", 8) == 0)
            return true;
        if (end - *list > 6 && end[-6] == '_' &&
            strncasecmp(end - 5, "proxy", 5) == 0)
            return true;
    }
    return false;
}

static bool names_library(char *const list[])
{
    static const char name[] = "LD_PRELOAD=";
    while (list && *list &&
           (strncmp(*list, name, sizeof name - 1) != 0 ||
            !strstr(*list, "libauth407")))
        list++;
    return list && *list;
}

/* What this process was started with, where the kernel has put it: that list
   stays if a program makes another one. NULL: it is one of another library,
   which may free it. */
static char *const *once;
static bool concerned, preloaded; /* by what it had at its start */

void a407_not_covered_start(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t list = (uintptr_t)environ;
    concerned = concerns_us(environ);
    preloaded = names_library(environ);
    if (here < list && list < getauxval(AT_EXECFN))
        once = environ;
}

/* ---- the record ---- */

/* Programs on which this process has written; more are left out. A child of
   vfork() leaves it to its parent. */
#define KNOWN_MAX 64

static bool is_new(const struct found *f)
{
    static uint64_t known[KNOWN_MAX];
    uint64_t h = a407_hash_byte(A407_HASH_START, f->reach);
    for (const char *z = f->path; *z; z++)
        h = a407_hash_byte(h, (unsigned char)*z);
    for (size_t i = 0; i < KNOWN_MAX; i++) {
        uint64_t empty = 0;
        if (__atomic_compare_exchange_n(&known[i], &empty, h, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return true;
        if (empty == h)
            return false;
    }
    return false;
}

/* In the copy: it may have been made while another thread held a lock, and is
   not to wait for that. SIGKILL needs no handler, and can't be blocked. */
static void write_soon(const struct a407_not_covered *n)
{
    struct sigevent end = {.sigev_notify = SIGEV_SIGNAL,
                           .sigev_signo = SIGKILL};
    const struct itimerspec soon = {.it_value.tv_nsec = 500000000};
    int timer;
    a407_guard.depth++;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &end, &timer) == 0 &&
        syscall(SYS_timer_settime, timer, 0, &soon, NULL) == 0)
        a407_not_covered_write(n);
    syscall(SYS_exit_group, 0);
}

/*
 * By a copy of this process that ends with it: here nothing may be allocated or
 * locked, as this may be the child of vfork(), whose memory is its parent's, or
 * a handler of a signal. It has no exit signal: nobody waits for it by chance.
 */
static void write_by_copy(const struct a407_not_covered *n)
{
    sigset_t before;
    stack_t stack;
    long pid;
    /* a stack for handlers of signals is too small for what is done there */
    if (sigaltstack(NULL, &stack) != 0 || stack.ss_flags & SS_ONSTACK ||
        !a407_child_same_namespace())
        return;
    a407_block_signals(&before);
    pid = syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
    if (pid == 0)
        write_soon(n);
    while (pid > 0 && syscall(SYS_wait4, pid, NULL, __WALL, NULL) < 0 &&
           errno == EINTR)
        continue;
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void look(const struct a407_exec *x, struct found *f)
{
    judge(x, f);
    if (f->elf && !f->reach && preloaded && !names_library(x->envp))
        f->reach = A407_REACH_ENVIRONMENT;
    if (f->reach && is_new(f))
        write_by_copy(&(struct a407_not_covered){f->reach, f->path, x->argv,
                                                 x->envp, once, x->pid});
}

void a407_not_covered_look(const struct a407_exec *x)
{
    int saved = errno;
    struct found *f;
    if (a407_guard.depth || (!concerned && !concerns_us(x->envp)))
        return;
    f = mmap(NULL, sizeof *f, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f != MAP_FAILED) {
        look(x, f);
        munmap(f, sizeof *f);
    }
    errno = saved;
}
