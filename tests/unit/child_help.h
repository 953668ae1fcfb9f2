/* SPDX-License-Identifier: MIT */
#ifndef CHILD_HELP_H
#define CHILD_HELP_H

/* What the tests of host/child.h share. The program is the test. */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exact.h"
#include "host/child_keeper.h"
#include "tests/fixtures/talk.h"

static inline int64_t in(int ms)
{
    return a407_now_ms() + ms;
}

/* ... and waits until it runs. */
static inline bool child_start(struct a407_child *c, const char *path,
                               const char *const argv[], bool bound)
{
    int64_t until = in(20000);
    int is = a407_child_start(c, path, argv, bound) ? 0 : -1;
    while (is == 0 && a407_now_ms() < until) {
        is = a407_child_started(c);
        if (is == 0)
            usleep(100);
    }
    return is > 0;
}

/* What was ended has gone, unless nobody can tell. */
static inline void sweep(void)
{
    int64_t until = in(2000);
    while (!a407_child_sweep() && a407_now_ms() < until)
        usleep(200);
}

/* Ends it then, if it has not ended before. */
static inline int child_end(struct a407_child *c, int64_t until)
{
    a407_child_hang_up(c);
    while (a407_child_runs(c) && a407_now_ms() < until)
        usleep(1000);
    int status = a407_child_end(c);
    sweep();
    return status;
}

static inline bool shell(struct a407_child *c, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    return child_start(c, "/bin/sh", argv, false);
}

/* poll() for one fd, until then. */
static inline bool ready(int fd, short events, int64_t until)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left = until - a407_now_ms();
    return poll(&p, 1, left > 0 ? (int)left : 0) > 0;
}

/* Sends all of it. */
static inline bool child_send(struct a407_child *c, const char *p, size_t n,
                              int64_t until)
{
    ssize_t k = 0;
    for (; n && k >= 0; p += k, n -= (size_t)k) {
        if (!a407_child_usable(c) || !ready(c->fd, POLLOUT, until))
            return false;
        k = send(c->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return k >= 0;
}

/* Appends what it says to b, up to `upto`, or to its end, which may not show.
 */
static inline bool child_receive(struct a407_child *c, struct a407_buf *b,
                                 const char *upto, int64_t until)
{
    size_t m = upto ? strlen(upto) : 0;
    for (;;) {
        bool runs = a407_child_runs(c);
        int64_t slice = in(runs ? 50 : 200);
        if (!a407_child_usable(c) || !a407_buf_reserve(b, b->n + 1))
            return false;
        if (!ready(c->fd, POLLIN, slice < until ? slice : until)) {
            if (!runs || a407_now_ms() >= until)
                return !runs && !upto;
            continue;
        }
        ssize_t k = recv(c->fd, b->p + b->n, b->cap - b->n, MSG_DONTWAIT);
        if (k <= 0)
            return k == 0 && !upto;
        b->n += (size_t)k;
        if (m && b->n >= m && memcmp(b->p + b->n - m, upto, m) == 0)
            return true;
    }
}

/* Is this valgrind? It has limits and rules of its own. */
static inline bool valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

/* Has the keeper a copy of the memory here (see a407_child_start)? */
static inline bool copied(void)
{
    struct a407_child c;
    assert_true(shell(&c, "exit 0"));
    bool is = c.job->copied;
    assert_int_equal(child_end(&c, in(5000)), 0);
    return is;
}

/* What a script says, as a string in b, and its exit status. */
static inline int said(struct a407_buf *b, const char *script)
{
    struct a407_child c;
    a407_buf_init(b, 65536);
    assert_true(shell(&c, script));
    assert_true(child_receive(&c, b, NULL, in(10000)));
    assert_true(a407_buf_add(b, "", 1));
    return child_end(&c, in(10000));
}

/* In a process of its own, which it may do anything to. */
static inline void apart(bool (*f)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(!f());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* From here on two system calls fail with EPERM. False: not possible here. */
static inline bool forbid(unsigned one, unsigned other)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {5, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static volatile sig_atomic_t signals;

static inline void count(int sig)
{
    (void)sig;
    signals++;
}

static inline void handle(int sig, void (*handler)(int), int flags)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
    assert_int_equal(sigaction(sig, &act, NULL), 0);
}

/* Not even one that is waited for with __WALL. */
static inline void assert_nobody(void)
{
    sweep();
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
}

static inline int lowest_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}

#endif
