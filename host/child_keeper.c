/* SPDX-License-Identifier: MIT */
#include "child_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "object.h"

/*
 * Two processes run code of this file: the keeper, and the command until its
 * execve. Both share the program's memory and the thread-local variables (TLS)
 * of the thread that started them, while the program runs on. So this code only
 * makes system calls, by syscall(2): libc's wrappers may be cancellation
 * points, whose flag is in that TLS; once the command runs, none that can fail
 * and set errno. Nor may a name be looked up here for the first time: what is
 * called the program's thread has called before.
 *
 * No sanitizer: its shadow of these stacks would outlive them. No stack
 * protector: its canary is in that TLS. For compilers without the attribute the
 * Makefile has an option.
 */
#if defined(__has_attribute)
#if __has_attribute(no_stack_protector)
#define NO_GUARD __attribute__((no_stack_protector))
#endif
#endif
#ifndef NO_GUARD
#define NO_GUARD
#endif
#define BARE                                                                   \
    NO_GUARD __attribute__((noinline, no_sanitize("address"),                  \
                            no_sanitize("thread"), no_sanitize("undefined")))

/* Each: enough for a few calls deep. */
#define STACK 16384u

/*
 * The kernel's signal sets and actions: libc's functions leave out two signals,
 * and sanitizers intercept them. A set has NSIG - 1 bits; an action begins with
 * its handler (except on MIPS), and all zeros is SIG_DFL.
 */
#define SIGNALS ((size_t)(NSIG - 1) / 8)
#define ACTION  16
static const uintptr_t nothing[ACTION];

struct a407_child_job *a407_child_job_new(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t stack = STACK > page ? STACK : page;
    size_t size = 2 * page + 2 * stack;
    /* MAP_SHARED, for a keeper without CLONE_VM */
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    mprotect(p + page, page, PROT_NONE);
    struct a407_child_job *j = (struct a407_child_job *)(uintptr_t)p;
    j->size = size;
    j->keeper_top = p + size;
    j->command_top = p + size - stack;
    return j;
}

void a407_child_job_free(struct a407_child_job *j)
{
    munmap(j, j->size);
}

/* ---- in both ---- */

static BARE void say(struct a407_child_job *j, enum a407_child_state state)
{
    __atomic_store_n(&j->state, state, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &j->state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static BARE _Noreturn void end(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

static BARE _Noreturn void fail(struct a407_child_job *j)
{
    j->error = errno ? errno : EIO;
    end(127);
}

static BARE void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0u, 0u) == 0)
        return;
    /* before Linux 5.9 */
    for (unsigned fd = first; fd < 65536; fd++)
        syscall(SYS_close, fd);
}

/* ---- in the command ---- */

/* No handler of the program may run here. Ignored signals (SIGINT in a
   background job, say) stay ignored, but for those that commands rely on. */
static BARE void plain_signals(void)
{
    uintptr_t now[ACTION];
    for (int sig = 1; sig < NSIG; sig++) {
        if (syscall(SYS_rt_sigaction, sig, NULL, now, SIGNALS) != 0)
            continue;
        bool ignored = now[0] == (uintptr_t)SIG_IGN;
        if (ignored ? sig == SIGPIPE || sig == SIGCHLD
                    : now[0] != (uintptr_t)SIG_DFL)
            syscall(SYS_rt_sigaction, sig, nothing, NULL, SIGNALS);
    }
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, NULL, SIGNALS);
}

static BARE int command(void *arg)
{
    struct a407_child_job *j = arg;
    /* if somebody kills the keeper */
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    plain_signals();
    /* no terminal to prompt at, and a process group to kill */
    syscall(SYS_setsid);
    syscall(SYS_execve, j->path, j->argv, j->envp);
    fail(j);
}

/* ---- in the keeper ---- */

static BARE bool three_fds(struct a407_child_job *j)
{
    if (j->fd < 3) { /* the program has closed its standard fds */
        close_from(3);
        long higher = syscall(SYS_fcntl, j->fd, F_DUPFD, 3);
        if (higher < 0)
            return false;
        j->fd = (int)higher;
    }
    if (syscall(SYS_dup3, j->fd, 0, 0) != 0 ||
        syscall(SYS_dup3, j->fd, 1, 0) != 1)
        return false;
    close_from(3); /* before open: RLIMIT_NOFILE may be reached */
    long null = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY, 0);
    if (null < 0)
        return false;
    if (null != 2 && syscall(SYS_dup3, null, 2, 0) != 2)
        return false;
    if (null > 2)
        syscall(SYS_close, null);
    return true;
}

static BARE pid_t start_command(struct a407_child_job *j)
{
    if (!j->copied)
        return clone(command, j->command_top, CLONE_VM | CLONE_VFORK | SIGCHLD,
                     j);
    long pid = syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
    if (pid == 0)
        command(j);
    return (pid_t)pid;
}

/* Waits without reaping (WNOWAIT): the pid stays the command's. */
static BARE void await(struct a407_child_job *j)
{
    siginfo_t info;
    info.si_code = 0;
    info.si_status = 0;
    syscall(SYS_waitid, P_PID, j->command, &info, WEXITED | WNOWAIT, NULL);
    j->status =
        info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/* Reaps the command, but not while the program is in kill(); it may die
   there. */
static BARE void let_go(struct a407_child_job *j)
{
    int running = A407_CHILD_RUNNING;
    struct timespec pause = {0, 1000000};
    if (!__atomic_compare_exchange_n(&j->state, &running, A407_CHILD_ENDED,
                                     false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        for (int i = 0;
             i < 1000 &&
             __atomic_load_n(&j->state, __ATOMIC_SEQ_CST) == A407_CHILD_KILLING;
             i++)
            syscall(SYS_nanosleep, &pause, NULL);
    syscall(SYS_wait4, j->command, NULL, 0, NULL);
    /* Its killed process group: they were reparented to us. The last call
       fails, but the thread whose errno that sets is waiting for us. */
    if (__atomic_load_n(&j->state, __ATOMIC_SEQ_CST) == A407_CHILD_KILLED)
        while (syscall(SYS_wait4, -j->command, NULL, __WALL, NULL) > 0)
            ;
    say(j, A407_CHILD_ENDED);
}

/* False: the program has ended. */
static BARE bool end_with_program(struct a407_child_job *j)
{
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return syscall(SYS_getppid) == j->program;
}

static BARE int keeper(void *arg)
{
    struct a407_child_job *j = arg;
    if (j->program && !end_with_program(j))
        end(127);
    /* orphans go to us, not to a program that is a subreaper itself */
    syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    /* SIG_IGN would discard the exit status */
    syscall(SYS_rt_sigaction, SIGCHLD, nothing, NULL, SIGNALS);
    errno = 0;
    pid_t pid = three_fds(j) ? start_command(j) : -1;
    if (pid < 0) {
        j->error = errno ? errno : EIO;
    } else if (j->error) {
        syscall(SYS_wait4, pid, NULL, 0, NULL);
    } else {
        close_from(0); /* or the output would have no end */
        j->command = pid;
        say(j, A407_CHILD_RUNNING);
        await(j);
        let_go(j);
        end(0);
    }
    say(j, A407_CHILD_FAILED);
    end(127);
}

/* ---- in the program ---- */

/* Neither valgrind, recognized by its preloaded library, nor perhaps another's
   clone(), such as ThreadSanitizer's, takes CLONE_VM without CLONE_THREAD.
   (`clone` itself, as an address, would be looked up in every process.) */
static bool must_copy_memory(void)
{
    const char *preload = getenv("LD_PRELOAD");
    Dl_info of_clone;
    return (preload && strstr(preload, "vgpreload")) ||
           !a407_object_of(dlsym(RTLD_DEFAULT, "clone"), &of_clone) ||
           !a407_object_is(&of_clone, dlsym(RTLD_DEFAULT, "sysconf"));
}

pid_t a407_child_keeper_start(struct a407_child_job *j)
{
    unsigned char all[SIGNALS], before[SIGNALS];
    long pid;
    memset(all, 0xff, sizeof all);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, before, SIGNALS);
    j->copied = must_copy_memory();
    if (!j->copied)
        pid = clone(keeper, j->keeper_top, CLONE_VM, j);
    else if ((pid = syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L)) == 0)
        keeper(j);
    int error = errno;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, before, NULL, SIGNALS);
    errno = error;
    return (pid_t)pid;
}
