/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child_env.h"
#include "child_keeper.h"
#include "paths.h"
#include "real.h"
#include "socket.h"
#include "wait.h"

/* A file system that does not answer must not hold the program for ever. */
#define START_MS 10000

/* After SIGKILL: the kernel's own work. */
#define KILL_MS 2000

/* ---- the fd ---- */

/* Is the number still that of our socket? */
static bool holds(const struct a407_child *c)
{
    return c->pid && c->fd >= 0 && c->cookie &&
           a407_socket_cookie(c->fd) == c->cookie;
}

bool a407_child_usable(const struct a407_child *c)
{
    return holds(c) && c->owner == getpid();
}

void a407_child_send_end(struct a407_child *c)
{
    if (a407_child_usable(c))
        REAL(shutdown)(c->fd, SHUT_WR);
}

static int state_of(const struct a407_child *c)
{
    return __atomic_load_n(&c->job->state, __ATOMIC_SEQ_CST);
}

/* ---- the process ---- */

/*
 * Has the keeper gone? True also if somebody else has reaped it; but not if a
 * sandbox refuses to tell: it may be alive, in the job's memory.
 */
static bool gone(struct a407_child *c, int how)
{
    pid_t pid;
    do
        pid = waitpid(c->pid, NULL, __WALL | how);
    while (pid < 0 && errno == EINTR);
    return pid > 0 || (pid < 0 && errno == ECHILD);
}

/* A keeper that was killed says nothing more. */
static bool keeper_ended(const struct a407_child *c)
{
    siginfo_t info = {0};
    int k = waitid(P_PID, (id_t)c->pid, &info,
                   WEXITED | WNOHANG | WNOWAIT | __WALL);
    return k != 0 ? errno == ECHILD : info.si_pid != 0;
}

bool a407_child_runs(const struct a407_child *c)
{
    return c->pid && state_of(c) == A407_CHILD_RUNNING && !keeper_ended(c);
}

/* Waits while the keeper is in that state; false: it is still. */
static bool leaves(struct a407_child *c, int state, int64_t until_ms)
{
    while (state_of(c) == state) {
        /* in slices: a keeper that was killed wakes nobody */
        int64_t left = until_ms - a407_now_ms();
        struct timespec slice = {0, (left < 50 ? left : 50) * 1000000};
        if (left <= 0)
            return false;
        syscall(SYS_futex, &c->job->state, FUTEX_WAIT, state, &slice, NULL, 0);
        if (keeper_ended(c))
            return true;
    }
    return true;
}

static void kill_command(struct a407_child *c)
{
    int running = A407_CHILD_RUNNING;
    if (!__atomic_compare_exchange_n(&c->job->state, &running,
                                     A407_CHILD_KILLING, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return;
    kill(-c->job->command, SIGKILL); /* and all that it has started */
    bool killed = kill(c->job->command, SIGKILL) == 0;
    __atomic_store_n(&c->job->state,
                     killed ? A407_CHILD_KILLED : A407_CHILD_RUNNING,
                     __ATOMIC_SEQ_CST);
    if (killed)
        leaves(c, A407_CHILD_KILLED, a407_now_ms() + KILL_MS);
}

static void forget(struct a407_child *c)
{
    *c = (struct a407_child){.fd = -1};
}

/*
 * Waits for the keeper's end. Not for ever: what was sent to it may not have
 * been allowed, since the program has become another user meanwhile.
 */
static bool goes(struct a407_child *c, int64_t until_ms)
{
    struct timespec pause = {0, 200000};
    for (;;) {
        errno = 0;
        if (gone(c, WNOHANG))
            return true;
        if (errno || a407_now_ms() >= until_ms)
            return false;
        nanosleep(&pause, NULL);
    }
}

/* Ends the keeper, if need be by force: then the kernel ends the command. */
static int reap(struct a407_child *c)
{
    int64_t until = a407_now_ms() + KILL_MS;
    int state = state_of(c);
    if (state != A407_CHILD_ENDED && state != A407_CHILD_FAILED &&
        !gone(c, WNOHANG) && kill(c->pid, SIGKILL) != 0)
        until = 0;
    bool over = goes(c, until);
    int status = state_of(c) == A407_CHILD_ENDED ? c->job->status : -1;
    if (over) /* else it may be in use, and stays */
        a407_child_job_free(c->job);
    return status;
}

void a407_child_hang_up(struct a407_child *c)
{
    /* a copy of fd, in another process, is not to keep it open */
    if (a407_child_usable(c))
        REAL(shutdown)(c->fd, SHUT_RDWR);
    if (holds(c))
        REAL(close)(c->fd);
    c->fd = -1;
}

int a407_child_end(struct a407_child *c, int64_t until_ms)
{
    int status = -1;
    a407_child_hang_up(c);
    /* a copy of the process has no such child, and must not kill by number */
    if (c->pid && c->owner == getpid()) {
        if (!leaves(c, A407_CHILD_RUNNING, until_ms))
            kill_command(c);
        status = reap(c);
    }
    forget(c);
    return status;
}

/* Takes j, fills job and pid, and waits for exec. False: errno. */
static bool run(struct a407_child *c, struct a407_child_job *j,
                int64_t until_ms)
{
    c->job = j;
    c->owner = getpid();
    pid_t pid = a407_child_keeper_start(j);
    if (pid < 0) {
        int error = errno;
        a407_child_job_free(j);
        errno = error;
        return false;
    }
    c->pid = pid;
    int64_t limit = a407_now_ms() + START_MS;
    leaves(c, A407_CHILD_STARTING, limit < until_ms ? limit : until_ms);
    if (state_of(c) == A407_CHILD_RUNNING || state_of(c) == A407_CHILD_ENDED)
        return true;
    int error = state_of(c) == A407_CHILD_FAILED ? j->error : ETIMEDOUT;
    reap(c);
    errno = error;
    return false;
}

/*
 * A process between two users (a daemon that is to come back to root, say) may
 * have got its settings from the one, and a shell would run their command as
 * the other: sh puts the effective user back to the real one.
 */
static bool one_user(void)
{
    uid_t real, effective, saved;
    gid_t group, effective_group, saved_group;
    return getresuid(&real, &effective, &saved) == 0 &&
           getresgid(&group, &effective_group, &saved_group) == 0 &&
           real == effective && real == saved && group == effective_group &&
           group == saved_group;
}

/* May we wait? Nobody is: a sandbox that refuses that shows itself. */
static bool may_wait(void)
{
    siginfo_t info;
    pid_t self = getpid();
    return waitpid(self, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD &&
           waitid(P_PID, (id_t)self, &info, WEXITED | WNOHANG | __WALL) < 0 &&
           errno == ECHILD;
}

/*
 * Would a child be in our PID namespace? After unshare() or setns() it may not
 * be: our keeper would be the first process of the program's new one, and with
 * its end nothing could be started there any more. The kernel names no
 * namespace that has no process yet. Where /proc tells nothing, it is taken to
 * be ours.
 */
static bool same_namespace(void)
{
    static const char next[] = "/proc/thread-self/ns/pid_for_children";
    char ours[64], theirs[64];
    struct stat st;
    ssize_t n = readlink("/proc/thread-self/ns/pid", ours, sizeof ours);
    ssize_t m = readlink(next, theirs, sizeof theirs);
    if (n <= 0 || (m <= 0 && lstat(next, &st) != 0))
        return true;
    return n == m && memcmp(ours, theirs, (size_t)n) == 0;
}

static bool allowed(void)
{
    if (!one_user() || !same_namespace())
        errno = EPERM;
    else if (!a407_paths_valid())
        errno = ENOENT;
    else
        return may_wait();
    return false;
}

/* Takes j. False: errno, *c is empty. */
static bool connect_and_run(struct a407_child *c, struct a407_child_job *j,
                            int64_t until_ms)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        int error = errno;
        a407_child_job_free(j);
        errno = error;
        return false;
    }
    pair[0] = a407_socket_out_of_the_way(pair[0]);
    j->fd = a407_socket_out_of_the_way(pair[1]);
    c->fd = pair[0];
    c->cookie = a407_socket_cookie(c->fd);
    pair[1] = j->fd; /* run may free j */
    bool ok = run(c, j, until_ms);
    int error = errno;
    REAL(close)(pair[1]);
    if (!ok) {
        REAL(close)(pair[0]);
        forget(c);
    }
    errno = error;
    return ok;
}

bool a407_child_start(struct a407_child *c, const char *path,
                      const char *const argv[], bool bound, int64_t until_ms)
{
    forget(c);
    if (!allowed())
        return false;
    char **envp = a407_child_env();
    struct a407_child_job *j = envp ? a407_child_job_new() : NULL;
    bool ok = false;
    if (j) {
        j->path = path;
        j->argv = (char *const *)(uintptr_t)argv;
        j->envp = envp;
        j->program = bound ? getpid() : 0;
        ok = connect_and_run(c, j, until_ms);
    }
    int error = errno;
    free(envp);
    errno = error;
    return ok;
}
