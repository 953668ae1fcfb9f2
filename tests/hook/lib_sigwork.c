/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a signal for the program while the library is at
 * work in a call of it, taking a connection apart.
 */
#include <dlfcn.h>
#include <signal.h>
#include <sys/socket.h>

typedef int connect_fn(int fd, const struct sockaddr *addr, socklen_t n);

__attribute__((visibility("default"))) int
connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    connect_fn *next = (connect_fn *)dlsym(RTLD_NEXT, "connect");
    if (addr->sa_family == AF_UNSPEC)
        raise(SIGALRM);
    return next(fd, addr, n);
}
