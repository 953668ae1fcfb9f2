/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a kernel that takes its time where a connection
 * is taken apart and made again. `again_stage` tells how far it is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOW_US 500000

typedef int connect_fn(int fd, const struct sockaddr *addr, socklen_t n);

extern volatile int again_stage, again_refused;

/* 1: about to be taken apart; 2: about to be made again. */
__attribute__((visibility("default"))) volatile int again_stage;

/* Set from outside: it can't be taken apart, so a new socket is made. */
__attribute__((visibility("default"))) volatile int again_refused;

__attribute__((visibility("default"))) int
connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    connect_fn *next = (connect_fn *)dlsym(RTLD_NEXT, "connect");
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
    return next(fd, addr, n);
}
