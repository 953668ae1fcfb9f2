/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child_keeper.h"
#include "clock.h"
#include "fd.h"
#include "file_at.h"
#include "object.h"

/* For execve on a file system that does not answer. */
#define START_MS 10000

/* After SIGKILL. */
#define KILL_MS 2000

/* ---- the fd ---- */

/* Is fd still our socket? */
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
        shutdown(c->fd, SHUT_WR);
}

static int state_of(const struct a407_child *c)
{
    return __atomic_load_n(&c->job->state, __ATOMIC_SEQ_CST);
}

/* ---- the process ---- */

/* Reaps the keeper. True also if somebody else has reaped it; false also if a
   sandbox forbids waitpid: the keeper may still run in the job's memory. */
static bool gone(struct a407_child *c, int how)
{
    pid_t pid;
    do
        pid = waitpid(c->pid, NULL, __WALL | how);
    while (pid < 0 && errno == EINTR);
    return pid > 0 || (pid < 0 && errno == ECHILD);
}

/* The keeper may have been killed. */
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

/* Waits while the job is in that state; false: until_ms has passed. */
static bool leaves(struct a407_child *c, int state, int64_t until_ms)
{
    while (state_of(c) == state) {
        /* in slices: a killed keeper does not wake us */
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
    kill(-c->job->command, SIGKILL); /* its process group */
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

/* Waits for the keeper to end. Not for ever: kill() may have failed, if the
   program has changed its user meanwhile. */
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

/* Reaps the keeper. If it still runs it is killed, and the command with it
   (PR_SET_PDEATHSIG). */
static int reap(struct a407_child *c)
{
    int64_t until = a407_now_ms() + KILL_MS;
    int state = state_of(c);
    if (state != A407_CHILD_ENDED && state != A407_CHILD_FAILED &&
        !gone(c, WNOHANG) && kill(c->pid, SIGKILL) != 0)
        until = 0;
    bool over = goes(c, until);
    int status = state_of(c) == A407_CHILD_ENDED ? c->job->status : -1;
    if (over) /* else the keeper may use it: leaked */
        a407_child_job_free(c->job);
    return status;
}

void a407_child_hang_up(struct a407_child *c)
{
    /* another process may hold a copy of fd */
    if (a407_child_usable(c))
        shutdown(c->fd, SHUT_RDWR);
    if (holds(c))
        close(c->fd);
    c->fd = -1;
}

int a407_child_end(struct a407_child *c, int64_t until_ms)
{
    int status = -1;
    a407_child_hang_up(c);
    /* in a forked copy the pid may be another process */
    if (c->pid && c->owner == getpid()) {
        if (!leaves(c, A407_CHILD_RUNNING, until_ms))
            kill_command(c);
        status = reap(c);
    }
    forget(c);
    return status;
}

/* With different users (a daemon that will switch back to root, say) the shell,
   which resets the effective user, could run one user's command as the other.
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

/* Does a sandbox allow the wait calls? There is no such child: ECHILD. */
static bool may_wait(void)
{
    siginfo_t info;
    pid_t self = getpid();
    return waitpid(self, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD &&
           waitid(P_PID, (id_t)self, &info, WEXITED | WNOHANG | __WALL) < 0 &&
           errno == ECHILD;
}

/*
 * Would a child be in our PID namespace, as is assumed without /proc? After
 * unshare() or setns() our keeper would be PID 1 of a new one, where nothing
 * can be started when it has ended. The link of an empty namespace can't be
 * read.
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

/* Starts the keeper and waits for exec. False: errno; what was started is
   gone. */
static bool run(struct a407_child *c, int64_t until_ms)
{
    struct a407_child_job *j = c->job;
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

/* Makes the job, with both ends of its socket. False: errno; nothing is
   left. */
static bool prepare(struct a407_child *c, int *other_end)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    c->job = a407_child_job_new();
    if (!c->job) {
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    c->fd = a407_socket_out_of_the_way(pair[0]);
    c->cookie = a407_socket_cookie(c->fd);
    *other_end = c->job->fd = a407_socket_out_of_the_way(pair[1]);
    return true;
}

bool a407_child_start(struct a407_child *c, const char *path,
                      const char *const argv[], bool bound, int64_t until_ms)
{
    int other_end = -1;
    forget(c);
    char **envp = allowed() ? a407_child_env() : NULL;
    bool ok = envp && prepare(c, &other_end);
    if (ok) {
        c->job->path = path;
        c->job->argv = (char *const *)(uintptr_t)argv;
        c->job->envp = envp;
        c->job->program = bound ? getpid() : 0;
        ok = run(c, until_ms);
    }
    int error = errno;
    if (other_end >= 0)
        close(other_end);
    if (!ok && c->fd >= 0)
        close(c->fd);
    if (!ok)
        forget(c);
    free(envp);
    errno = error;
    return ok;
}
