/* SPDX-License-Identifier: MIT */
#ifndef A407_GUARD_H
#define A407_GUARD_H

#include <errno.h>
#include <pthread.h>

/*
 * Per thread: are we inside our own code? A hook that is entered then (from a
 * signal handler, or from libc on our behalf) goes straight to libc. The
 * initial-exec model needs no call and no allocation; it is allowed because
 * the library is loaded at program start.
 */
struct a407_guard {
    int depth;
    int resolving;
    int cancel; /* the thread's cancel state while we are inside */
};
extern __thread struct a407_guard a407_guard
    __attribute__((tls_model("initial-exec")));

/*
 * Enters our code; returns errno for a407_leave to put back. A thread is not
 * cancelled inside: it may hold a lock.
 */
static inline int a407_enter(void)
{
    int saved = errno;
    if (a407_guard.depth++ == 0)
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &a407_guard.cancel);
    return saved;
}

static inline void a407_leave(int saved_errno)
{
    if (--a407_guard.depth == 0)
        pthread_setcancelstate(a407_guard.cancel, NULL);
    errno = saved_errno;
}

#endif
