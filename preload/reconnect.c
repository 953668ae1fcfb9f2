/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>

#include "gate.h"
#include "real.h"

/*
 * A connected TCP socket is taken apart with AF_UNSPEC and connected again:
 * the fd, its copies, its options and its epoll registrations stay. Linux
 * only; its queues and its SHUT_WR are lost.
 */

static bool finish(int fd, int ms)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (a407_wait(fd, POLLOUT, ms) <= 0)
        return false;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && !error;
}

/* connect() of a blocking socket waits as long as SO_SNDTIMEO says. */
static bool connect_bounded(struct a407_conn *c, int fd, int ms)
{
    struct timeval program = {0},
                   ours = {.tv_sec = ms / 1000,
                           .tv_usec = (ms % 1000) * 1000};
    socklen_t n = sizeof program;
    getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &program, &n);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &ours, sizeof ours);
    int rc = real()->connect(fd, (struct sockaddr *)&c->peer, c->peer_n);
    int error = errno;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &program, sizeof program);
    if (rc == 0)
        return true;
    if (error == EINPROGRESS || error == EINTR)
        return finish(fd, ms);
    return false;
}

bool a407_reconnect(struct a407_conn *c, int fd)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    int ms = (int)c->site->proxy.config->wait_ms;
    c->error = 0;
    if (real()->connect(fd, &nowhere, sizeof nowhere) != 0)
        return false;
    if (!connect_bounded(c, fd, ms))
        return false;
    c->cookie = a407_socket_cookie(fd);
    return true;
}

void a407_give_back(struct a407_conn *c, int fd)
{
    int pair[2];
    a407_engine_lock(c);
    struct a407_span kept = a407_engine_kept(c->engine);
    int fl = real()->fcntl(fd, F_GETFL);
    int fdfl = real()->fcntl(fd, F_GETFD);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        int room = (int)kept.n * 2;
        setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        real()->send(pair[1], kept.p, kept.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        real()->close(pair[1]);
        if (fl >= 0)
            real()->fcntl(pair[0], F_SETFL, fl);
        real()->dup3(pair[0], fd, fdfl & FD_CLOEXEC ? O_CLOEXEC : 0);
        real()->close(pair[0]);
    }
    c->error = 0;
    a407_engine_closed(c->engine);
    a407_engine_unlock(c);
}
