/* SPDX-License-Identifier: MIT */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where a number is looked for: above those that a program expects to be given
   next, and within the first 64: a larger table costs all threads a moment. */
#define PRIVATE_FROM  32
#define PRIVATE_LEAST 3

uint64_t a407_socket_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t n = sizeof cookie;
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) != 0)
        return 0;
    return cookie;
}

int a407_fd_copy(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, PRIVATE_FROM);
    if (copy < 0 && (errno == EINVAL || errno == EMFILE))
        copy = fcntl(fd, F_DUPFD_CLOEXEC, PRIVATE_LEAST);
    return copy;
}

int a407_socket_out_of_the_way(int fd)
{
    int copy = fd < 0 ? -1 : a407_fd_copy(fd);
    if (copy < 0)
        return fd;
    close(fd);
    return copy;
}

int a407_fd_sealed(const void *p, size_t n)
{
    int fd = (int)syscall(SYS_memfd_create, "auth407",
                          MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (write(fd, p, n) == (ssize_t)n &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Where a sandbox refuses poll(). */
static int ready_by_epoll(int fd, short events)
{
    struct epoll_event ev = {.events = (unsigned short)events};
    int k = 0, set = epoll_create1(EPOLL_CLOEXEC);
    if (set >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) == 0) {
        k = epoll_wait(set, &ev, 1, 0);
        epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL);
    }
    if (set >= 0)
        close(set);
    return k > 0 ? (int)ev.events : 0;
}

int a407_ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    int k = poll(&p, 1, 0);
    if (k < 0)
        return ready_by_epoll(fd, events);
    return k ? p.revents : 0;
}
