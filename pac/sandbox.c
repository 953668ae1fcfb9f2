/* SPDX-License-Identifier: MIT */
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MEMORY  (64ul << 20)
#define SECONDS 2

/* A number means another call on another machine. */
#if defined __x86_64__
#define MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined __i386__
#define MACHINE AUDIT_ARCH_I386
#elif defined __riscv && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#elif defined __arm__
#define MACHINE AUDIT_ARCH_ARM
#endif

#define FIELD(name)                                                            \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define END(action) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##action)
#define ALLOW(nr)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), END(ALLOW)

/* The low half of the third argument, the protection of new memory. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PROTECTION FIELD(args[2])
#else
#define PROTECTION                                                             \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                         \
             offsetof(struct seccomp_data, args[2]) + 4)
#endif

static bool filter_calls(void)
{
#ifdef MACHINE
    struct sock_filter rules[] = {
        FIELD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0),
        END(KILL_PROCESS),
        FIELD(nr),
        ALLOW(SYS_read),
        ALLOW(SYS_write),
        ALLOW(SYS_exit_group),
        ALLOW(SYS_brk),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mremap),
        ALLOW(SYS_madvise),
        ALLOW(SYS_clock_gettime),
#ifdef SYS_clock_gettime64
        ALLOW(SYS_clock_gettime64),
#endif
        ALLOW(SYS_gettimeofday),
#ifdef SYS_mmap2
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap2, 0, 3),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
#endif
        PROTECTION,
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
        END(ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)};
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
    return false;
#endif
}

static bool limit(int what, unsigned long most)
{
    /* that of the time ends it with a signal of its own at first */
    struct rlimit l = {most, what == RLIMIT_CPU ? most + 1 : most};

    return setrlimit((__rlimit_resource_t)what, &l) == 0;
}

bool a407_pac_lock_in(void)
{
    /* the file of the time zone is read now; without TZ it would be looked at
       each time */
    setenv("TZ", ":/etc/localtime", 0);
    tzset();
    close_range(2, ~0u, 0);
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 0) &&
           limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CPU, SECONDS) &&
           limit(RLIMIT_AS, MEMORY) && filter_calls();
}
