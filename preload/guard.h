/* SPDX-License-Identifier: MIT */
#ifndef A407_GUARD_H
#define A407_GUARD_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/*
 * Per thread: are we inside our own code?
 *
 * The rule: while a thread is inside, no code of the program runs on it.
 * Signals are blocked (but those of a fault, which can't wait), and the thread
 * is not cancelled. So a lock can't be left behind by siglongjmp() or
 * pthread_cancel(), nor be asked for again by a handler that forks, closes or
 * reads. Whoever has to wait leaves first, with nothing held, and comes in
 * again afterwards (turn.h).
 *
 * A hook that is entered inside comes from libc on our behalf, and goes
 * straight to libc. The initial-exec model needs no call and no allocation; it
 * is allowed because the library is loaded at program start.
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

/* A signal that tells of a fault of the program's own code? It can't wait: if
   it is blocked it ends the program, whatever handler there is. */
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
