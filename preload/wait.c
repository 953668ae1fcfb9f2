/* SPDX-License-Identifier: MIT */
#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>

#include "guard.h"
#include "real.h"

/* Would read() be restarted after a signal? Not knowing which one came, all
   handlers are asked; but a program that goes on after a fault has not slept in
   a call. */
bool a407_signals_restart(void)
{
    struct sigaction sa;
    for (int s = 1; s < SIGRTMIN; s++)
        if (!a407_is_fault(s) && sigaction(s, NULL, &sa) == 0 &&
            sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN &&
            !(sa.sa_flags & SA_RESTART))
            return false;
    return true;
}

static int left_of(int64_t until)
{
    if (until == A407_FOR_EVER)
        return -1;
    int64_t left = until - a407_now_ms();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static int wait_for(struct pollfd *p, nfds_t n, int64_t until)
{
    for (;;) {
        int k = REAL(poll)(p, n, left_of(until));
        if (k >= 0 || errno != EINTR || !a407_signals_restart())
            return k;
    }
}

int a407_wait(int fd, short events, int64_t until)
{
    struct pollfd p = {.fd = fd, .events = events};
    int k = wait_for(&p, 1, until);
    return k > 0 ? p.revents : k;
}

int a407_pause(int64_t until)
{
    return wait_for(NULL, 0, until);
}
