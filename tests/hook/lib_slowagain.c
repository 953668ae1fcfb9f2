/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a kernel that takes its time where a connection
 * is taken apart and made again. `again_stage` tells how far it is.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib.h"

#define SLOW_US 500000

extern volatile int again_stage, again_refused;

/* 1: about to be taken apart; 2: about to be made again. */
EXPORT volatile int again_stage;

/* Set from outside: it can't be taken apart, so a new socket is made. */
EXPORT volatile int again_refused;

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    if (addr->sa_family == AF_UNSPEC) {
        again_stage = 1;
        if (again_refused) {
            errno = EBUSY;
            return -1;
        }
        usleep(SLOW_US);
    } else if (again_stage == 1) {
        again_stage = 2;
        usleep(SLOW_US);
    }
    return NEXT(connect)(fd, addr, n);
}
