/* SPDX-License-Identifier: MIT */
/* Preloaded behind the library: sockets that take only small datagrams, so that
   an ordinary record is too large for one. */
#include <dlfcn.h>
#include <stdint.h>
#include <sys/socket.h>

int socket(int family, int type, int protocol)
{
    uintptr_t f = (uintptr_t)dlsym(RTLD_NEXT, "socket");
    int fd = ((int (*)(int, int, int))f)(family, type, protocol), least = 1;
    if (fd >= 0 && family == AF_UNIX && (type & 0xf) == SOCK_DGRAM)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    return fd;
}
