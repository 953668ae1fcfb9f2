/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a kernel that does not take a connection apart.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>

typedef int connect_fn(int fd, const struct sockaddr *addr, socklen_t n);

__attribute__((visibility("default"))) int
connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    connect_fn *next = (connect_fn *)dlsym(RTLD_NEXT, "connect");
    if (addr->sa_family == AF_UNSPEC) {
        errno = EBUSY;
        return -1;
    }
    return next(fd, addr, n);
}
