/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a kernel with the stock net.core.wmem_max, for a
 * program without CAP_NET_ADMIN.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define WMEM_MAX 212992

typedef int setsockopt_fn(int fd, int level, int name, const void *value,
                          socklen_t n);

__attribute__((visibility("default"))) int
setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
    setsockopt_fn *next = (setsockopt_fn *)dlsym(RTLD_NEXT, "setsockopt");
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
    return next(fd, level, name, value, n);
}
