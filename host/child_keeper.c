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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "object.h"

/*
 * Two processes run code of this file: the keeper, and the command until its
 * execve. Both share the program's memory and the thread-local variables (TLS)
 * of the thread that started them, while the program runs on. So this code only
 * makes system calls, and not by libc's wrappers, which may be cancellation
 * points and set errno: both are in that TLS. Nor may a name be looked up here
 * for the first time.
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
#define PLAIN                                                                  \
    NO_GUARD __attribute__((no_sanitize("address"), no_sanitize("thread"),     \
                            no_sanitize("undefined")))
#define BARE PLAIN __attribute__((noinline))

/* A system call: its result, or -errno. */
static inline PLAIN __attribute__((always_inline)) long
raw(long nr, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__) && defined(__LP64__)
#define KEEPS_ERRNO true
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "+a"(nr)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return nr;
#elif defined(__aarch64__) && defined(__LP64__)
#define KEEPS_ERRNO true
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                     : "memory");
    return x0;
#else
#define KEEPS_ERRNO false /* the program's thread has to wait meanwhile */
    long k = syscall(nr, a, b, c, d, e);
    return k < 0 ? -errno : k;
#endif
}

#define RAW6(nr, a, b, c, d, e, ...)                                           \
    raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define RAW(...) RAW6(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

/* Enough for a few calls deep. */
#define STACK 16384u

/*
 * The kernel's signal sets and actions: libc's functions leave out two signals,
 * and sanitizers intercept them. A set has NSIG - 1 bits; an action begins with
 * its handler (except on MIPS), and all zeros is SIG_DFL.
 */
#define SIGNALS ((size_t)(NSIG - 1) / 8)
#define ACTION  16
static const uintptr_t nothing[ACTION];

struct a407_child_job *a407_child_job_new(size_t room)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t stack = STACK > page ? STACK : page;
    size_t first = (sizeof(struct a407_child_job) + room + page - 1) & -page;
    size_t size = first + page + stack;
    /* MAP_SHARED, for a keeper without CLONE_VM */
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    mprotect(p + first, page, PROT_NONE);
    struct a407_child_job *j = (struct a407_child_job *)(uintptr_t)p;
    j->size = size;
    j->top = p + size;
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
    RAW(SYS_futex, &j->state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static BARE _Noreturn void end(int status)
{
    for (;;)
        RAW(SYS_exit_group, status);
}

static BARE void close_from(unsigned first)
{
    if (RAW(SYS_close_range, first, ~0u, 0u) == 0)
        return;
    /* before Linux 5.9 */
    for (unsigned fd = first; fd < 65536; fd++)
        RAW(SYS_close, fd);
}

/* ---- in the command ---- */

/* No handler of the program may run here. Ignored signals (SIGINT in a
   background job, say) stay ignored, but for those that commands rely on. */
static BARE void plain_signals(void)
{
    uintptr_t now[ACTION];
    for (int sig = 1; sig < NSIG; sig++) {
        if (RAW(SYS_rt_sigaction, sig, NULL, now, SIGNALS) != 0)
            continue;
        bool ignored = now[0] == (uintptr_t)SIG_IGN;
        if (ignored ? sig == SIGPIPE || sig == SIGCHLD
                    : now[0] != (uintptr_t)SIG_DFL)
            RAW(SYS_rt_sigaction, sig, nothing, NULL, SIGNALS);
    }
    RAW(SYS_rt_sigprocmask, SIG_SETMASK, nothing, NULL, SIGNALS);
}

static BARE _Noreturn void command(struct a407_child_job *j)
{
    /* if somebody kills the keeper */
    RAW(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    plain_signals();
    /* no terminal to prompt at, and a process group to kill */
    RAW(SYS_setsid);
    j->error = (int)-RAW(SYS_execve, *j->path, j->argv, j->envp);
    end(127);
}

/* ---- in the keeper ---- */

/* A table of fds of its own; the program goes on with the shared one. */
static BARE long own_fds(const struct a407_child_job *j)
{
    uint64_t cookie = 0;
    socklen_t n = sizeof cookie;
    long k = j->waits
                 ? 0
                 : RAW(SYS_close_range, j->fd + 1, ~0u, CLOSE_RANGE_UNSHARE);
    if (k == 0)
        k = RAW(SYS_getsockopt, j->fd, SOL_SOCKET, SO_COOKIE, &cookie, &n);
    return k == 0 && cookie != j->cookie ? -EBADF : k;
}

static BARE long three_fds(struct a407_child_job *j)
{
    long k;
    if (j->fd < 3) { /* the program has closed its standard fds */
        close_from(3);
        k = RAW(SYS_fcntl, j->fd, F_DUPFD, 3);
        if (k < 0)
            return k;
        j->fd = (int)k;
    }
    if ((k = RAW(SYS_dup3, j->fd, 0, 0)) < 0 ||
        (k = RAW(SYS_dup3, j->fd, 1, 0)) < 0)
        return k;
    close_from(3); /* before open: RLIMIT_NOFILE may be reached */
    long null = RAW(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY, 0);
    if (null < 0 || null == 2)
        return null < 0 ? null : 0;
    k = RAW(SYS_dup3, null, 2, 0);
    RAW(SYS_close, null);
    return k < 0 ? k : 0;
}

/* As vfork(): the keeper stands still meanwhile, so one stack is enough. */
static BARE long start_command(struct a407_child_job *j)
{
    long share = j->copied ? 0 : CLONE_VM | CLONE_VFORK;
    long pid = RAW(SYS_clone, share | SIGCHLD);
    if (pid == 0)
        command(j);
    return pid;
}

/* Waits without reaping (WNOWAIT): the pid stays the command's. */
static BARE void await(struct a407_child_job *j)
{
    siginfo_t info;
    info.si_code = 0;
    info.si_status = 0;
    RAW(SYS_waitid, P_PID, j->command, &info, WEXITED | WNOWAIT, NULL);
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
            RAW(SYS_nanosleep, &pause, NULL);
    RAW(SYS_wait4, j->command, NULL, 0, NULL);
    /* its killed process group: they were reparented to us */
    if (__atomic_load_n(&j->state, __ATOMIC_SEQ_CST) == A407_CHILD_KILLED)
        while (RAW(SYS_wait4, -j->command, NULL, __WALL, NULL) > 0)
            ;
    say(j, A407_CHILD_ENDED);
}

/* False: the program has ended. */
static BARE bool end_with_program(struct a407_child_job *j)
{
    RAW(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return RAW(SYS_getppid) == j->program;
}

static BARE int keeper(void *arg)
{
    struct a407_child_job *j = arg;
    if (j->program && !end_with_program(j))
        end(127);
    /* orphans go to us, not to a program that is a subreaper itself */
    RAW(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    /* SIG_IGN would discard the exit status */
    RAW(SYS_rt_sigaction, SIGCHLD, nothing, NULL, SIGNALS);
    long pid = own_fds(j);
    if (pid == 0)
        pid = three_fds(j);
    if (pid == 0)
        pid = start_command(j);
    if (pid < 0) {
        j->error = (int)-pid;
    } else if (j->error) {
        RAW(SYS_wait4, pid, NULL, 0, NULL);
    } else {
        close_from(0); /* or the output would have no end */
        j->command = (pid_t)pid;
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
           !a407_object_of(a407_object_name(RTLD_DEFAULT, "clone"),
                           &of_clone) ||
           !a407_object_is(&of_clone,
                           a407_object_name(RTLD_DEFAULT, "sysconf"));
}

/* It is what the keeper leaves the shared table with (Linux 5.9; a sandbox may
   not know it). Nothing is closed here. */
static bool has_close_range(void)
{
    return syscall(SYS_close_range, ~0u, ~0u, 0u) == 0;
}

pid_t a407_child_keeper_start(struct a407_child_job *j)
{
    unsigned char all[SIGNALS], before[SIGNALS];
    long pid;
    memset(all, 0xff, sizeof all);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, before, SIGNALS);
    j->copied = must_copy_memory();
    j->waits = j->copied || !KEEPS_ERRNO || !has_close_range();
    if (!j->copied)
        pid = clone(keeper, j->top, CLONE_VM | (j->waits ? 0 : CLONE_FILES), j);
    else if ((pid = syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L)) == 0)
        keeper(j);
    int error = errno;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, before, NULL, SIGNALS);
    errno = error;
    return (pid_t)pid;
}
