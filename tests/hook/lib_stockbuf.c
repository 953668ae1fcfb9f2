/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a kernel with the stock net.core.wmem_max, for a
 * program without CAP_NET_ADMIN.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib.h"

#define WMEM_MAX 212992

EXPORT int setsockopt(int fd, int level, int name, const void *value,
                      socklen_t n)
{
    int most = WMEM_MAX, asked;
    if (level == SOL_SOCKET && name == SO_SNDBUFFORCE) {
        errno = EPERM;
        return -1;
    }
    if (level == SOL_SOCKET && name == SO_SNDBUF && n == sizeof asked) {
        memcpy(&asked, value, sizeof asked);
        if (asked > most)
            value = &most;
    }
    return NEXT(setsockopt)(fd, level, name, value, n);
}
