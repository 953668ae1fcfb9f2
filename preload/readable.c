/* SPDX-License-Identifier: MIT */
#include "readable.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The smallest there is: a larger one is asked about more than once. */
#define PAGE 4096u

/* Why 2: most heads are within them. */
#define PAGES 2

/* The kernel reads the set before it finds that there is no such `how`; so
   nothing is changed. */
static bool can_be_read(uintptr_t at)
{
    const int no_such_how = ~0;
    uintptr_t set = at & ~(uintptr_t)7; /* it does not cross a page */
    return syscall(SYS_rt_sigprocmask, no_such_how, set, NULL, _NSIG / 8) ==
               0 ||
           errno != EFAULT;
}

size_t a407_readable(const void *p, size_t n)
{
    uintptr_t start = (uintptr_t)p, at = start;
    int saved = errno;
    for (int i = 0; i < PAGES && at - start < n && can_be_read(at); i++)
        at = (at | (PAGE - 1)) + 1;
    errno = saved;
    return at - start < n ? at - start : n;
}
