/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVERS_MAX 4
#define STACK_SIZE  (512u * 1024)

static int listen_on(int family, uint16_t port)
{
    int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    union {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = {0};
    a.sa.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        a.v4.sin_port = htons(port);
        a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        a.v6.sin6_port = htons(port);
        a.v6.sin6_addr = in6addr_loopback;
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, &a.sa, family == AF_INET ? sizeof a.v4 : sizeof a.v6) < 0 ||
        listen(fd, 1024) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void server_listen(struct server *s, uint16_t port)
{
    for (int i = 0; i < 50; i++) {
        struct sockaddr_in a;
        socklen_t n = sizeof a;
        s->fd[0] = listen_on(AF_INET, port);
        if (s->fd[0] < 0 || getsockname(s->fd[0], (void *)&a, &n) < 0)
            err(1, "listen on 127.0.0.1:%u", port);
        s->port = ntohs(a.sin_port);
        s->fd[1] = listen_on(AF_INET6, s->port);
        if (s->fd[1] >= 0 || errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)
            return; /* without IPv6 the tests that need it will say so */
        if (port)
            break;
        close(
            s->fd[0]); /* the free port of one family was taken in the other */
    }
    err(1, "listen on [::1]:%u", s->port);
}

struct job {
    struct server *s;
    int fd;
    unsigned id;
};

static void *job_run(void *arg)
{
    struct job j = *(struct job *)arg;
    free(arg);
    j.s->serve(j.s->ctx, j.fd, j.id);
    return NULL;
}

static void job_start(struct server *s, int fd, unsigned id)
{
    pthread_attr_t attr;
    pthread_t thread;
    struct job *j = malloc(sizeof *j);
    if (!j)
        err(1, "no memory");
    *j = (struct job){s, fd, id};
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    errno = pthread_create(&thread, &attr, job_run, j);
    if (errno)
        err(1, "thread of connection %u", id);
    pthread_attr_destroy(&attr);
}

static void take_one(struct server *s, int side, unsigned *id)
{
    int fd = accept4(s->fd[side], NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno != EINTR && errno != ECONNABORTED)
            err(1, "accept");
        return;
    }
    if (s->once) {
        for (int k = 0; k < 2; k++) {
            if (s->fd[k] >= 0)
                close(s->fd[k]);
            s->fd[k] = -1;
        }
    }
    job_start(s, fd, ++*id);
}

void server_run(struct server *s, unsigned n, bool stdin_too)
{
    unsigned id = 0;
    char drop[256];
    for (;;) {
        struct pollfd pfd[2 * SERVERS_MAX + 1];
        for (unsigned i = 0; i < 2 * n; i++)
            pfd[i] = (struct pollfd){s[i / 2].fd[i % 2], POLLIN, 0};
        pfd[2 * n] = (struct pollfd){stdin_too ? 0 : -1, POLLIN, 0};
        if (poll(pfd, 2 * n + 1, -1) < 0 && errno != EINTR)
            err(1, "poll");
        if (pfd[2 * n].revents && read(0, drop, sizeof drop) <= 0)
            exit(0);
        for (unsigned i = 0; i < 2 * n; i++)
            if (pfd[i].revents && s[i / 2].fd[i % 2] >= 0)
                take_one(&s[i / 2], (int)(i % 2), &id);
    }
}

int server_log_open(const char *path)
{
    if (!path)
        return -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        err(1, "%s", path);
    return fd;
}

void server_log(int fd, const char *fmt, ...)
{
    char *line;
    va_list ap;
    if (fd < 0)
        return;
    va_start(ap, fmt);
    int n = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (n < 0 || write(fd, line, (size_t)n) != n)
        err(1, "log");
    free(line);
}
