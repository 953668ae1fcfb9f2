/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/match.h"

static int dropped(int fd, int error)
{
    close(fd);
    errno = error;
    return -1;
}

bool a407_stream_wait(int fd, short events, int64_t until)
{
    struct pollfd p = {fd, events, 0};
    int64_t left = until - a407_now_ms();
    int n = poll(&p, 1, left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);

    if (n == 0)
        errno = ETIMEDOUT;
    return n > 0;
}

int a407_look_up_until(const char *host, const char *port,
                       const struct addrinfo *hints, int64_t until,
                       struct addrinfo **out)
{
    int fds[2], error = EAI_AGAIN;
    pid_t child = pipe(fds) == 0 ? fork() : -1;

    if (child == 0) {
        error = getaddrinfo(host, port, hints, out);
        _exit(write(fds[1], &error, sizeof error) < 0);
    }
    if (child > 0) {
        if (a407_stream_wait(fds[0], POLLIN, until) &&
            read(fds[0], &error, sizeof error) != sizeof error)
            error = EAI_AGAIN;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(fds[0]);
        close(fds[1]);
    }
    return child > 0 && error ? error : getaddrinfo(host, port, hints, out);
}

int a407_look_up(const struct a407_endpoint *e, struct addrinfo **out)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_ADDRCONFIG};
    char port[8];

    snprintf(port, sizeof port, "%u", e->port);
    return a407_look_up_until(e->host, port, &hints,
                              a407_now_ms() + A407_LOOK_UP_MS, out);
}

int a407_connect_begin(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    a->ai_protocol);

    if (fd < 0 || connect(fd, a->ai_addr, a->ai_addrlen) == 0 ||
        errno == EINPROGRESS)
        return fd;
    return dropped(fd, errno);
}

int a407_connect_end(int fd, int64_t until)
{
    socklen_t n = sizeof(int);
    int error = ETIMEDOUT;

    if (fd >= 0 && a407_stream_wait(fd, POLLOUT, until))
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
    return fd < 0 || !error ? fd : dropped(fd, error);
}

int a407_connect_to(const struct a407_endpoint *e, const char **why)
{
    struct addrinfo *list = NULL, *a;
    int fd = -1, error = a407_look_up(e, &list);

    if (error)
        *why = gai_strerror(error);
    for (a = list; a && fd < 0; a = a->ai_next) {
        fd = a407_connect_end(a407_connect_begin(a),
                              a407_now_ms() + A407_CONNECT_MS);
        if (fd < 0)
            *why = strerror(errno);
    }
    if (list)
        freeaddrinfo(list);
    return fd;
}

bool a407_stream_open(struct a407_stream *s, const struct a407_peer *to,
                      int64_t until)
{
    int fd = a407_connect_end(a407_connect_begin(to->at), until);

    *s = (struct a407_stream){.fd = fd, .layer = to->layer};
    if (fd >= 0 && s->layer &&
        !(s->state = s->layer->begin(fd, to->host, until)))
        s->fd = dropped(fd, errno);
    return s->fd >= 0;
}

ssize_t a407_stream_read(struct a407_stream *s, char *to, size_t n)
{
    return s->layer ? s->layer->read(s->state, to, n) : recv(s->fd, to, n, 0);
}

ssize_t a407_stream_write(struct a407_stream *s, const char *p, size_t n)
{
    return s->layer ? s->layer->write(s->state, p, n)
                    : send(s->fd, p, n, MSG_NOSIGNAL);
}

bool a407_socket_source(int fd, struct a407_endpoint *out)
{
    struct sockaddr_storage sa;
    socklen_t n = sizeof sa;

    return getsockname(fd, (struct sockaddr *)&sa, &n) == 0 &&
           a407_endpoint_of((struct sockaddr *)&sa, out);
}

void a407_stream_close(struct a407_stream *s)
{
    if (s->fd < 0)
        return;
    if (s->layer)
        s->layer->end(s->state);
    close(s->fd);
    s->fd = -1;
}
