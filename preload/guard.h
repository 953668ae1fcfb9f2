/* SPDX-License-Identifier: MIT */
#ifndef A407_GUARD_H
#define A407_GUARD_H

#include <errno.h>

/*
 * Per thread: are we inside our own code? A hook that is entered then (from a
 * signal handler, or from libc on our behalf) goes straight to libc. The
 * initial-exec model needs no call and no allocation; it is allowed because
 * the library is loaded at program start.
 */
struct a407_guard {
    int depth;
    int resolving;
};
extern __thread struct a407_guard a407_guard
    __attribute__((tls_model("initial-exec")));

/* Enters our code; returns errno for a407_leave to put back. */
static inline int a407_enter(void)
{
    a407_guard.depth++;
    return errno;
}

static inline void a407_leave(int saved_errno)
{
    a407_guard.depth--;
    errno = saved_errno;
}

#endif
