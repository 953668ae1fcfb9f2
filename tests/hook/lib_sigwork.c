/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a signal for the program while the library is at
 * work in a call of it, taking a connection apart.
 */
#include <signal.h>
#include <sys/socket.h>

#include "lib.h"

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    if (addr->sa_family == AF_UNSPEC)
        raise(SIGALRM);
    return NEXT(connect)(fd, addr, n);
}
