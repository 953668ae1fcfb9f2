/* SPDX-License-Identifier: MIT */
#ifndef A407_HOOKS_H
#define A407_HOOKS_H

#include "calls.h"
#include "guard.h"
#include "real.h"
#include "registry.h"

/*
 * Hooks are the only exported symbols. Each looks the fd up (one load), and
 * for one that isn't ours tail-calls libc.
 */
#define A407_EXPORT __attribute__((visibility("default")))
#define A407_CALLER __builtin_return_address(0)

/* The same hook under another name (hooks.def, A407_SAME). */
#if __has_attribute(copy)
#define A407_LIKE(of) copy(of),
#else
#define A407_LIKE(of)
#endif
#define A407_ALSO(name, of)                                                    \
    extern __typeof__(of) name __attribute__((A407_LIKE(of) alias(#of)))       \
    A407_EXPORT

/*
 * At start-up. With AUTH407_FOLLOW set (to anything but "0") children whose
 * environment was cleaned (env -i, execve with one of its own) get back what
 * makes this library work: itself in LD_PRELOAD, and the AUTH407_* variables of
 * this program's start. Without it: one look at the environment, no more.
 */
__attribute__((cold)) void a407_follow_start(void);

/* Is there anything to do for a read or a write on fd? */
static inline bool a407_reads(int fd)
{
    struct a407_conn *c = a407_slot(fd);
    return __builtin_expect(c != NULL, 0) && c != A407_WATCH;
}

static inline bool a407_writes(int fd)
{
    return __builtin_expect(a407_slot(fd) != NULL, 0);
}

/*
 * fds in a message that is about to be sent, or was received. Callers look at
 * msg_controllen first: most messages carry none.
 */
void a407_rights_leave(const struct msghdr *m, const void *caller);
void a407_rights_come(const struct msghdr *m);

/* Around every call that connects: whose address is it? And: did it fail? */
void a407_before_connect(int fd, const struct sockaddr *addr, socklen_t n);
void a407_after_connect(int fd, const struct sockaddr *addr, int rc);

/* a407_write_all for the calls that have one buffer, and no msghdr. */
static inline bool a407_write_one(int fd, const void *p, size_t n, int flags,
                                  const void *caller, ssize_t *result)
{
    struct iovec v = {.iov_base = (void *)(uintptr_t)p, .iov_len = n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    return a407_write_all(fd, &m, flags, caller, result);
}

#endif
