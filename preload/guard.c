/* SPDX-License-Identifier: MIT */
#include "guard.h"

__thread struct a407_guard a407_guard
    __attribute__((tls_model("initial-exec")));

static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                             SIGTRAP, SIGABRT, SIGSYS};

#define FAULTS (sizeof faults / sizeof *faults)

bool a407_is_fault(int signal)
{
    size_t i = 0;
    while (i < FAULTS && faults[i] != signal)
        i++;
    return i < FAULTS;
}

void a407_block_signals(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < FAULTS; i++)
        sigdelset(&all, faults[i]);
    sigprocmask(SIG_SETMASK, &all, before);
}

/*
 * Signals first, and last: between the two a handler would run with the thread
 * half inside. The kernel's own change of state is atomic.
 */
void a407_guard_begin(void)
{
    a407_block_signals(&a407_guard.mask);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &a407_guard.cancel);
}

void a407_guard_end(void)
{
    /* A handler may run before sigprocmask() returns, and be inside itself: it
       saves and restores the same, for it begins where this ends. */
    sigset_t mask = a407_guard.mask;
    pthread_setcancelstate(a407_guard.cancel, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}
