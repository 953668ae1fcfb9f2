/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: a thread that sleeps in recv() is told of the
 * old connection's reset, but so late that another one has made a new one.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib.h"

static int port(int fd)
{
    struct sockaddr_in a = {0};
    socklen_t n = sizeof a;
    return getsockname(fd, (struct sockaddr *)&a, &n) == 0 ? a.sin_port : -1;
}

EXPORT ssize_t recv(int fd, void *p, size_t n, int flags)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (flags != MSG_PEEK)
        return NEXT(recv)(fd, p, n, flags);
    int before = port(fd);
    poll(&pfd, 1, -1);
    usleep(400000);
    if (port(fd) == before)
        return NEXT(recv)(fd, p, n, flags);
    errno = ECONNRESET;
    return -1;
}
