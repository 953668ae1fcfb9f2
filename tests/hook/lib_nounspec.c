/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a kernel that does not take a connection apart.
 */
#include <errno.h>
#include <sys/socket.h>

#include "lib.h"

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    if (addr->sa_family == AF_UNSPEC) {
        errno = EBUSY;
        return -1;
    }
    return NEXT(connect)(fd, addr, n);
}
