/* SPDX-License-Identifier: MIT */
#include "quiet.h"

#include <time.h>

/*
 * Our writes must not kill or stop the program: a pipe without a reader
 * (SIGPIPE), a limit on file sizes (SIGXFSZ), a terminal in whose background it
 * runs (SIGTTOU; blocked, the terminal accepts the write).
 */
static const int signals[] = {SIGPIPE, SIGXFSZ, SIGTTOU};

#define N_SIGNALS (sizeof signals / sizeof signals[0])

void a407_quiet_begin(struct a407_quiet *q)
{
    sigset_t pending;
    sigemptyset(&q->ours);
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaddset(&q->ours, signals[i]);
    sigpending(&pending);
    sigprocmask(SIG_BLOCK, &q->ours, &q->before);
    q->blocked = true;
    for (size_t i = 0; i < N_SIGNALS; i++)
        q->blocked = q->blocked && sigismember(&q->before, signals[i]);
    /* leave those that were pending before */
    for (size_t i = 0; i < N_SIGNALS; i++)
        if (sigismember(&pending, signals[i]))
            sigdelset(&q->ours, signals[i]);
}

void a407_quiet_end(const struct a407_quiet *q, bool failed)
{
    static const struct timespec now = {0};
    while (failed && sigtimedwait(&q->ours, NULL, &now) > 0)
        continue;
    if (!q->blocked)
        sigprocmask(SIG_SETMASK, &q->before, NULL);
}
