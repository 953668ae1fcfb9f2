/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a thread that has sent loses its processor for a
 * while, before the library hears what became of it.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "lib.h"

EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    ssize_t k = NEXT(sendmsg)(fd, m, flags);
    usleep(5000);
    return k;
}
