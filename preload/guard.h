/* SPDX-License-Identifier: MIT */
#ifndef A407_GUARD_H
#define A407_GUARD_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/*
 * Is this thread inside our own code?
 *
 * The rule: while it is, no code of the program runs on it: signals are blocked
 * (but those of a fault) and it is not cancelled. So siglongjmp() and
 * pthread_cancel() leave no lock behind, and no handler asks for one again.
 * Whoever has to wait leaves first, with nothing held (turn.h).
 *
 * A hook that is called inside was called for us, and goes straight to libc.
 * initial-exec needs no call and no allocation; a library that is loaded at
 * program start may use it.
 */
struct a407_guard {
    int depth;
    int resolving;
    int cancel;             /* the thread's cancel state while we are inside */
    sigset_t mask;          /* ... and its signal mask */
    const char *looking_up; /* settings.c: the frame of a look-up under way */
};
extern __thread struct a407_guard a407_guard
    __attribute__((tls_model("initial-exec")));

/* A fault's? Blocked, it ends the program, whatever handler there is. */
bool a407_is_fault(int signal);

/* Blocks all signals of this thread but those of a fault; *before: its mask. */
void a407_block_signals(sigset_t *before);

/* The outermost a407_enter and a407_leave. */
void a407_guard_begin(void);
void a407_guard_end(void);

/* Enters our code; returns errno for a407_leave to put back. */
static inline int a407_enter(void)
{
    int saved = errno;
    if (a407_guard.depth == 0)
        a407_guard_begin();
    a407_guard.depth++;
    return saved;
}

static inline void a407_leave(int saved_errno)
{
    if (--a407_guard.depth == 0)
        a407_guard_end();
    errno = saved_errno;
}

#endif
