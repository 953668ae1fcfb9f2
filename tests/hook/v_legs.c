/* SPDX-License-Identifier: MIT */
/*
 * What a program does in the middle of a handshake: when it has written a
 * request, was woken, has looked at what came, and there is nothing to read
 * yet. MODE is one of the table at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "victim.h"

#define WAIT_MS 12000
#define THREADS 20
#define ROUNDS  3

extern char **environ;

static char *self;
static struct answer answer;

static void wait_readable(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (poll(&pfd, 1, WAIT_MS) == 1)
        return;
    errno = ETIME;
    fail("poll");
}

static void set_blocking(int fd, bool yes)
{
    int fl = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, yes ? fl & ~O_NONBLOCK : fl | O_NONBLOCK);
}

/* The middle: a look takes the first 407 away, and a leg is on its way. */
static int begin(const struct victim *v)
{
    char rq[REQUEST_MAX], byte;
    int fd = victim_connect(v);
    set_blocking(fd, false);
    send_all(fd, rq, make_get(v, "/bytes/20000", rq));
    answer_start(&answer, "GET");
    wait_readable(fd);
    if (recv(fd, &byte, 1, MSG_PEEK) < 0 && errno != EAGAIN)
        fail("first look");
    return fd;
}

static void finish(int fd)
{
    char part[4096];
    while (!answer.done) {
        ssize_t k = recv(fd, part, sizeof part, 0);
        if (k < 0 && errno == EAGAIN)
            wait_readable(fd);
        else if (k < 0)
            fail("recv");
        else if (k == 0)
            answer_end(&answer);
        else
            answer_feed(&answer, part, (size_t)k);
    }
}

static void end(const struct victim *v, int fd)
{
    finish(fd);
    if (answer.keep) {
        set_blocking(fd, true);
        do_get(v, fd, "/bytes/500");
    }
    close(fd);
}

static void by_close(const struct victim *v)
{
    close(begin(v));
    end(v, begin(v));
}

/* The number is used again at once. */
static void by_reuse(const struct victim *v)
{
    int fd = begin(v), other = victim_connect(v);
    dup2(other, fd);
    close(other);
    do_get(v, fd, "/bytes/700");
    close(fd);
}

static void by_shutdown(const struct victim *v)
{
    int fd = begin(v);
    shutdown(fd, SHUT_RDWR);
    close(fd);
    end(v, begin(v));
}

static void moved(const struct victim *v)
{
    int fd = begin(v), other = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    close(fd);
    end(v, other);
}

static void to_blocking(const struct victim *v)
{
    int fd = begin(v);
    set_blocking(fd, true);
    end(v, fd);
}

static void wait_child(pid_t pid, const char *what)
{
    int status;
    if (waitpid(pid, &status, 0) != pid)
        fail("waitpid");
    say("%s: %d", what, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void by_fork(const struct victim *v)
{
    int fd = begin(v);
    pid_t pid = fork();
    if (pid == 0) {
        end(v, fd);
        exit(7);
    }
    wait_child(pid, "the child that read it");
    close(fd);
    end(v, begin(v));
}

static void beside_fork(const struct victim *v)
{
    int fd = begin(v);
    pid_t pid = fork();
    if (pid == 0)
        exit(7);
    wait_child(pid, "the child that did not");
    end(v, fd);
}

static void by_spawn(const struct victim *v)
{
    char *const argv[] = {(char *)(uintptr_t) "true", NULL};
    int fd = begin(v);
    pid_t pid;
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) != 0)
        fail("posix_spawn");
    wait_child(pid, "true");
    end(v, fd);
}

/* Another program reads the answer. */
static void by_exec(const struct victim *v)
{
    char number[16];
    int fd = begin(v);
    snprintf(number, sizeof number, "read:%d", fd);
    execl(self, self, v->proxy_host, v->proxy_port, v->authority, number,
          (char *)NULL);
    fail("execl");
}

static void read_on(int fd)
{
    answer_start(&answer, "GET");
    finish(fd);
    close(fd);
}

static void handed_on(const struct victim *v)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        fail("socketpair");
    pid_t pid = fork();
    if (pid == 0) {
        answer_start(&answer, "GET");
        end(v, take_right(pair[1]));
        exit(7);
    }
    int fd = begin(v);
    send_right(pair[0], fd);
    close(fd);
    wait_child(pid, "the child that got it");
}

/* A time limit shorter than a leg: the calls end, the handshake does not. What
   comes byte by byte may hold one of them up for as long as it comes. */
static void short_limits(const struct victim *v)
{
    struct timeval t = {0, 30000};
    char rq[REQUEST_MAX];
    int fd = victim_connect(v);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    send_all(fd, rq, make_get(v, "/bytes/20000", rq));
    answer_start(&answer, "GET");
    for (int i = 0; i < 400 && !answer.done; i++) {
        char part[4096];
        double start = seconds();
        ssize_t k = recv(fd, part, sizeof part, 0);
        if (seconds() - start > 5)
            say("a call that took too long");
        take_part(&answer, part, k);
    }
    close(fd);
}

static void *fetch(void *arg)
{
    const struct victim *v = arg;
    for (int i = 0; i < ROUNDS; i++) {
        int fd = victim_connect(v);
        do_get(v, fd, "/bytes/3000");
        close(fd);
    }
    return NULL;
}

static void threads(const struct victim *v)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, fetch, (void *)(uintptr_t)v);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

/* One thread waits for the answer, another closes the connection. */
static void *read_it(void *arg)
{
    char part[4096];
    int *fd = arg;
    while (recv(*fd, part, sizeof part, 0) > 0)
        ;
    return NULL;
}

static void closed_beside(const struct victim *v)
{
    pthread_t t;
    int fd = begin(v);
    set_blocking(fd, true);
    pthread_create(&t, NULL, read_it, &fd);
    usleep(20000);
    shutdown(fd, SHUT_RDWR);
    pthread_join(t, NULL);
    close(fd);
    end(v, begin(v));
}

int main(int argc, char **argv)
{
    static const struct victim_mode modes[] = {
        {"close", by_close},
        {"reuse", by_reuse},
        {"shutdown", by_shutdown},
        {"moved", moved},
        {"to-blocking", to_blocking},
        {"fork", by_fork},
        {"beside-fork", beside_fork},
        {"spawn", by_spawn},
        {"exec", by_exec},
        {"handed-on", handed_on},
        {"short-limits", short_limits},
        {"threads", threads},
        {"closed-beside", closed_beside}};
    struct victim v;
    victim_args(&v, argc, argv);
    self = argv[0];
    if (strncmp(v.mode, "read:", 5) == 0) {
        read_on(atoi(v.mode + 5));
        say("read by another program");
        return 0;
    }
    return run_mode(&v, modes, sizeof modes / sizeof *modes);
}
