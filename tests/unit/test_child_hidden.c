/* SPDX-License-Identifier: MIT */
/*
 * What the program sees of the processes beside it: no signal, no child, and
 * its fds, handlers and variables are its own.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "child_help.h"
#include "unit.h"

static void assert_no_child(void)
{
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* ---- what the program sees ---- */

TEST(no_signal_no_child)
{
    struct a407_child c;
    handle(SIGCHLD, count, 0);
    signals = 0;
    assert_true(shell(&c, "read x"));
    assert_no_child();
    assert_int_equal(child_end(&c, in(5000)), 1);
    assert_no_child();
    assert_int_equal(signals, 0);
    assert_nobody();
}

/* A program that leaves its children to the kernel. */
TEST(ignored_children)
{
    struct a407_child c;
    handle(SIGCHLD, SIG_IGN, 0);
    assert_true(shell(&c, "exit 5"));
    assert_int_equal(child_end(&c, in(5000)), 5);
    signals = 0;
    handle(SIGCHLD, count, SA_NOCLDWAIT);
    assert_true(shell(&c, "exit 6"));
    assert_int_equal(child_end(&c, in(5000)), 6);
    assert_int_equal(signals, 0);
    handle(SIGCHLD, SIG_DFL, 0);
}

/* The one wait that sees the keeper may take it. */
TEST(taken_by_wall)
{
    struct a407_child c;
    int status;
    assert_true(shell(&c, "exit 7"));
    assert_int_equal(waitpid(-1, &status, __WALL), c.pid);
    assert_int_equal(child_end(&c, in(5000)), 7);
}

/* A program that inherits orphans, as the first one of a container does: none
   of ours ever is one, not even one that had to be killed. */
TEST(inherits_orphans)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct a407_child c;
        signals = 0;
        handle(SIGCHLD, count, 0);
        bool ok = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
        for (int i = 0; ok && i < 20; i++)
            ok = shell(&c, "exec sleep 60") && child_end(&c, in(0)) == 137 &&
                 shell(&c, "(sleep 60; :) | (sleep 60; :); :") &&
                 child_end(&c, in(50)) == 137 && shell(&c, "exit 3") &&
                 child_end(&c, in(5000)) == 3;
        ok = ok && waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD;
        _exit(!ok || signals);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* A child of the program's own is still its own. */
TEST(own_children)
{
    struct a407_child c;
    int status;
    assert_true(shell(&c, "read x; exit 8"));
    pid_t pid = fork();
    if (pid == 0)
        _exit(9);
    assert_int_equal(wait(&status), pid);
    assert_int_equal(WEXITSTATUS(status), 9);
    assert_int_equal(child_end(&c, in(5000)), 8);
}

TEST(fds)
{
    struct a407_child c;
    struct a407_buf b;
    int low = lowest_fd();
    int open_one = dup(0); /* without FD_CLOEXEC */
    assert_int_equal(open_one, low);
    assert_true(shell(&c, "read x"));
    assert_true(c.fd >= 32);
    int number = c.fd;
    assert_int_equal(fcntl(c.fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(lowest_fd(), low + 1);
    child_end(&c, in(5000));
    assert_int_equal(fcntl(number, F_GETFD), -1);
    close(open_one);
    assert_int_equal(said(&b, "cd /proc/self/fd; echo *"), 0);
    assert_string_equal(b.p, "0 1 2 3\n"); /* the last is the folder itself */
    a407_buf_free(&b);
}

TEST(few_fds)
{
    struct rlimit before, few = {64, 64};
    struct a407_child c;
    if (valgrind())
        return;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_true(shell(&c, "exit 4"));
    assert_in_range(c.fd, 32, 63);
    assert_int_equal(child_end(&c, in(5000)), 4);
    few.rlim_cur = (rlim_t)lowest_fd() + 2; /* just enough */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_true(shell(&c, "exit 4"));
    assert_int_equal(child_end(&c, in(5000)), 4);
    few.rlim_cur = (rlim_t)lowest_fd() + 1; /* none to spare */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_false(shell(&c, "exit 4"));
    assert_int_equal(errno, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_nobody();
}

/* The program has closed all that it does not know, and used the numbers. */
TEST(closed_in_bulk)
{
    struct a407_child c;
    struct a407_buf b;
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "read x; exit 4"));
    int fd = c.fd, pair[2];
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(dup2(pair[1], fd), fd);
    assert_false(child_send(&c, "x\n", 2, in(1000)));
    assert_false(child_receive(&c, &b, NULL, in(1000)));
    assert_int_equal(child_end(&c, in(5000)), 4);
    assert_int_equal(write(fd, "y", 1), 1); /* it is the program's */
    char byte;
    assert_int_equal(read(pair[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(fd), close(pair[0]), close(pair[1]);
    a407_buf_free(&b);
}

/* A program without standard input, output and error. */
TEST(low_fds_free)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct a407_child c;
        close(0), close(1), close(2);
        bool ok = shell(&c, "test -S /dev/fd/0 && test -S /dev/fd/1 && "
                            "test -c /dev/fd/2") &&
                  child_end(&c, in(5000)) == 0;
        _exit(!(ok && open("/dev/null", O_RDONLY) == 0));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int forks;

static void forked(void)
{
    forks++;
}

TEST(no_fork_handlers)
{
    struct a407_child c;
    assert_int_equal(pthread_atfork(forked, forked, forked), 0);
    assert_true(shell(&c, "exit 0"));
    assert_int_equal(child_end(&c, in(5000)), 0);
    assert_int_equal(forks, 0);
    pid_t pid = fork(); /* they do run otherwise */
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    assert_int_equal(forks, 2);
}

/* A copy of the process does not talk in its name, nor end it. */
TEST(copies)
{
    struct a407_child c;
    struct a407_buf b;
    int status;
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "read x; echo \"$x\"; exit 4"));
    pid_t pid = fork();
    if (pid == 0) {
        bool spoke = child_send(&c, "copy\n", 5, in(1000));
        _exit(spoke || child_end(&c, in(0)) != -1 || c.pid);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(child_send(&c, "parent\n", 7, in(5000)));
    assert_true(child_receive(&c, &b, NULL, in(5000)));
    assert_memory_equal(b.p, "parent\n", 7);
    assert_int_equal(child_end(&c, in(5000)), 4);
    a407_buf_free(&b);
}

/* Has the job come to that, and has nobody set errno meanwhile? */
static void becomes(const struct a407_child *c, enum a407_child_state state)
{
    errno = 77;
    while (__atomic_load_n(&c->job->state, __ATOMIC_SEQ_CST) != (int)state)
        if (errno != 77)
            fail_msg("errno is %d", errno);
    assert_int_equal(errno, 77);
}

/* The keeper has our thread-local variables, and must not write to them. */
TEST(errno_stays)
{
    const char *const argv[] = {"sleep", "0.1", NULL};
    struct a407_child c;
    assert_true(a407_child_start(&c, "/bin/sleep", argv, false));
    becomes(&c, A407_CHILD_ENDED);
    assert_int_equal(child_end(&c, in(5000)), 0);
    if (copied())
        return; /* exec seems to succeed */
    assert_true(a407_child_start(&c, "/nonexistent/file", argv, false));
    becomes(&c, A407_CHILD_FAILED);
    assert_int_equal(a407_child_started(&c), -1);
    assert_int_equal(errno, ENOENT);
}

/* The environment, the arguments and the fds are those of the moment, whatever
   becomes of the program's own; and those are closed when it closes them. */
TEST(start_is_a_copy)
{
    char path[] = "/bin/sh", script[] = "echo $FIRST >&0; read x; exit 5";
    const char *argv[] = {"sh", "-c", script, NULL};
    struct a407_child c;
    struct a407_buf b;
    int tell[2];
    char byte;
    a407_buf_init(&b, 100);
    assert_int_equal(pipe(tell), 0);
    char *first = strdup("FIRST=one");
    putenv(first);
    assert_true(a407_child_start(&c, path, argv, false));
    memset(first + 6, 'x', 3);
    memset(path, 'x', sizeof path - 1);
    memset(script, 'x', sizeof script - 1);
    argv[0] = NULL;
    close(tell[1]);
    assert_int_equal(read(tell[0], &byte, 1), 0);
    close(tell[0]);
    assert_true(child_receive(&c, &b, "\n", in(5000)));
    assert_memory_equal(b.p, "one\n", 4);
    while (a407_child_started(&c) == 0)
        usleep(100);
    a407_child_send_end(&c);
    assert_int_equal(child_end(&c, in(5000)), 5);
    unsetenv("FIRST");
    free(first);
    a407_buf_free(&b);
}

/* Its fd has become another file before it could be taken: it is not used. */
TEST(fd_is_taken_away)
{
    const char *const argv[] = {"true", NULL};
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 100; i++) {
        struct a407_child c;
        assert_true(a407_child_start(&c, "/bin/true", argv, false));
        dup2(other, c.other);
        int fd = c.other, is;
        while ((is = a407_child_started(&c)) == 0)
            usleep(100);
        assert_true(is == 1 || errno == ENOTSOCK);
        assert_int_equal(close(fd), 0);
        if (is == 1)
            assert_int_equal(child_end(&c, in(5000)), 0);
    }
    close(other);
    assert_nobody();
}

/* Ended before it has begun. */
TEST(ended_at_once)
{
    const char *const argv[] = {"sleep", "60", NULL};
    int low = lowest_fd();
    for (int i = 0; i < 100; i++) {
        struct a407_child c;
        assert_true(a407_child_start(&c, "/bin/sleep", argv, false));
        child_end(&c, 0);
        assert_int_equal(c.pid, 0);
    }
    assert_nobody();
    assert_int_equal(lowest_fd(), low);
}

/* ---- signals ---- */

static pid_t *strayed; /* shared: a process that ran a handler of ours */
static pid_t own;

static void stray(int sig)
{
    (void)sig;
    if (syscall(SYS_getpid) != own)
        *strayed = (pid_t)syscall(SYS_getpid);
}

/* Signals to the whole group, all the while: handlers run here only. */
TEST(storm)
{
    strayed = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(strayed != MAP_FAILED);
    pid_t group = fork();
    if (group == 0) {
        setpgid(0, 0);
        own = getpid();
        handle(SIGURG, stray, 0); /* by default ignored: it ends nobody */
        pid_t sender = fork();
        if (sender == 0) {
            handle(SIGURG, SIG_IGN, 0);
            while (kill(0, SIGURG) == 0 && getppid() == own)
                usleep(200);
            _exit(0);
        }
        bool ok = true;
        for (int i = 0; ok && i < 200; i++) {
            struct a407_child c;
            ok = shell(&c, "exit 3") && child_end(&c, in(5000)) == 3;
        }
        kill(sender, SIGKILL);
        _exit(!ok);
    }
    int status;
    assert_int_equal(waitpid(group, &status, 0), group);
    assert_int_equal(status, 0);
    assert_int_equal(*strayed, 0);
    munmap(strayed, 4096);
}

static unsigned long long signal_set(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    assert_non_null(line);
    return strtoull(line + strlen(name), NULL, 16);
}

TEST(plain_signals)
{
    struct a407_buf b;
    sigset_t all, before, now;
    handle(SIGUSR1, count, 0);
    handle(SIGPIPE, SIG_IGN, 0);
    handle(SIGINT, SIG_IGN, 0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = said(&b, "exec cat /proc/self/status");
    pthread_sigmask(SIG_SETMASK, &before, &now);
    assert_int_equal(status, 0);
    assert_int_equal(signal_set(b.p, "SigBlk:"), 0);
    assert_int_equal(signal_set(b.p, "SigCgt:"), 0);
    assert_int_equal(signal_set(b.p, "SigIgn:") &
                         (1ull << (SIGPIPE - 1) | 1ull << (SIGINT - 1)),
                     1ull << (SIGINT - 1));
    /* the caller's own mask is as it was */
    assert_true(sigismember(&now, SIGTERM) && sigismember(&now, SIGUSR1));
    handle(SIGPIPE, SIG_DFL, 0);
    handle(SIGINT, SIG_DFL, 0);
    a407_buf_free(&b);
}

/* ---- threads ---- */

static void *many(void *failed)
{
    for (int i = 0; i < 15; i++) {
        struct a407_child c;
        struct a407_buf b;
        a407_buf_init(&b, 100);
        bool ok = shell(&c, "read x; echo $x; exit 4") &&
                  child_send(&c, "abc\n", 4, in(10000)) &&
                  child_receive(&c, &b, NULL, in(10000)) && b.n == 4;
        if (child_end(&c, in(10000)) != 4 || !ok)
            __atomic_store_n((int *)failed, 1, __ATOMIC_SEQ_CST);
        a407_buf_free(&b);
    }
    return NULL;
}

/* One thread starts it, another ends it; the first may be gone. */
static void *starts(void *child)
{
    assert_true(shell(child, "read x; exit 4"));
    return NULL;
}

TEST(threads)
{
    pthread_t t[4];
    struct a407_child c;
    int failed = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, many, &failed), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(failed, 0);
    assert_int_equal(pthread_create(t, NULL, starts, &c), 0);
    pthread_join(t[0], NULL);
    assert_true(child_send(&c, "\n", 1, in(5000)));
    assert_int_equal(child_end(&c, in(5000)), 4);
    assert_nobody();
}
