/* SPDX-License-Identifier: MIT */
/*
 * What a program does in the middle of a handshake: when it has written a
 * request, was woken, has looked at what came, and there is nothing to read
 * yet. MODE is one of the table at the end.
 */
#include <spawn.h>

#include "tests/fixtures/victim.h"

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

/* The middle: a look takes the first 407 away, and a leg is on its way. */
static int begin(void)
{
    char byte;
    int fd = victim_connect();
    set_nonblocking(fd, true);
    send_get(fd, "/bytes/20000");
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
        else
            take_part(&answer, part, k);
    }
}

static void end(int fd)
{
    finish(fd);
    if (answer.keep) {
        set_nonblocking(fd, false);
        do_get(fd, "/bytes/500");
    }
    close(fd);
}

static void by_close(void)
{
    close(begin());
    end(begin());
}

/* The number is used again at once. */
static void by_reuse(void)
{
    int fd = begin(), other = victim_connect();
    dup2(other, fd);
    close(other);
    do_get(fd, "/bytes/700");
    close(fd);
}

static void by_shutdown(void)
{
    int fd = begin();
    shutdown(fd, SHUT_RDWR);
    close(fd);
    end(begin());
}

static void moved(void)
{
    int fd = begin(), other = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    close(fd);
    end(other);
}

static void to_blocking(void)
{
    int fd = begin();
    set_nonblocking(fd, false);
    end(fd);
}

static void by_fork(void)
{
    int fd = begin();
    pid_t pid = fork();
    if (pid == 0) {
        end(fd);
        exit(7);
    }
    say_end("the child that read it", pid);
    close(fd);
    end(begin());
}

static void beside_fork(void)
{
    int fd = begin();
    pid_t pid = fork();
    if (pid == 0)
        exit(7);
    say_end("the child that did not", pid);
    end(fd);
}

static void by_spawn(void)
{
    char *const argv[] = {(char *)(uintptr_t) "true", NULL};
    int fd = begin();
    pid_t pid;
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) != 0)
        fail("posix_spawn");
    say_end("true", pid);
    end(fd);
}

/* Another program reads the answer. */
static void by_exec(void)
{
    char number[16];
    int fd = begin();
    snprintf(number, sizeof number, "read:%d", fd);
    execl(self, self, victim.proxy_host, victim.proxy_port, victim.authority,
          number, (char *)NULL);
    fail("execl");
}

static void read_on(int fd)
{
    answer_start(&answer, "GET");
    finish(fd);
    close(fd);
}

static void handed_on(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        fail("socketpair");
    pid_t pid = fork();
    if (pid == 0) {
        answer_start(&answer, "GET");
        end(take_right(pair[1]));
        exit(7);
    }
    int fd = begin();
    if (send_right(pair[0], fd, 1) != 1)
        fail("sendmsg");
    close(fd);
    say_end("the child that got it", pid);
}

/* A time limit shorter than a leg: the calls end, the handshake does not. What
   comes byte by byte may hold one of them up for as long as it comes. */
static void short_limits(void)
{
    struct timeval t = {0, 30000};
    int fd = victim_connect();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    send_get(fd, "/bytes/20000");
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
    for (int i = 0; i < ROUNDS; i++)
        get_anew((void *)"/bytes/3000");
    return arg;
}

static void threads(void)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, fetch, NULL);
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

static void closed_beside(void)
{
    pthread_t t;
    int fd = begin();
    set_nonblocking(fd, false);
    pthread_create(&t, NULL, read_it, &fd);
    usleep(20000);
    shutdown(fd, SHUT_RDWR);
    pthread_join(t, NULL);
    close(fd);
    end(begin());
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
    victim_args(argc, argv);
    self = argv[0];
    if (strncmp(victim.mode, "read:", 5) == 0) {
        read_on(atoi(victim.mode + 5));
        say("read by another program");
        return 0;
    }
    return run_mode(victim.mode, modes, sizeof modes / sizeof *modes);
}
