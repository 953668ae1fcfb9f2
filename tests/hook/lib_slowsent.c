/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a thread that has sent loses its processor for a
 * while, before the library hears what became of it.
 */
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

typedef ssize_t sendmsg_fn(int fd, const struct msghdr *m, int flags);

__attribute__((visibility("default"))) ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
    sendmsg_fn *next = (sendmsg_fn *)dlsym(RTLD_NEXT, "sendmsg");
    ssize_t k = next(fd, m, flags);
    usleep(5000);
    return k;
}
