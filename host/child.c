/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
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

/* Where execve is waited for, on a file system that does not answer. */
#define START_MS 10000

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
    return c->pid && state_of(c) <= A407_CHILD_RUNNING && !keeper_ended(c);
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
    if (keeper_ended(c)) /* the pid may be another's by now */
        return;
    if (!__atomic_compare_exchange_n(&c->job->state, &running,
                                     A407_CHILD_KILLING, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        if (running == A407_CHILD_STARTING)
            kill(c->pid, SIGKILL);
        return;
    }
    kill(-c->job->command, SIGKILL); /* its process group */
    bool killed = kill(c->job->command, SIGKILL) == 0;
    __atomic_store_n(&c->job->state,
                     killed ? A407_CHILD_KILLED : A407_CHILD_RUNNING,
                     __ATOMIC_SEQ_CST);
}

static void forget(struct a407_child *c)
{
    *c = (struct a407_child){.fd = -1, .other = -1};
}

/* ---- those that were ended, and are not gone yet ---- */

/* A killed process needs a processor to die: no call looks more often. */
#define SWEEP_MS 5

/* Whoever has taken the list has it alone. */
static struct ended {
    struct a407_child child;
    struct ended *next;
} * _Atomic all_ended;

static void put_back(struct ended *e)
{
    e->next = all_ended;
    while (!atomic_compare_exchange_weak(&all_ended, &e->next, e))
        ;
}

bool a407_child_sweep(void)
{
    static atomic_int_least64_t next_ms;
    int64_t now = all_ended ? a407_now_ms() : 0;
    if (!now || now < next_ms)
        return !now;
    next_ms = now + SWEEP_MS;
    bool all = true;
    for (struct ended *next, *e = atomic_exchange(&all_ended, NULL); e;
         e = next) {
        struct a407_child *c = &e->child;
        next = e->next;
        if (c->owner == getpid() && !gone(c, WNOHANG)) {
            put_back(e);
            all = false;
            continue;
        }
        /* one killed before its exec may have left a command to that */
        if (c->owner == getpid() && state_of(c) != A407_CHILD_STARTING)
            a407_child_job_free(c->job);
        free(e);
    }
    return all;
}

static void close_other(struct a407_child *c)
{
    if (c->pid && c->other >= 0 &&
        a407_socket_cookie(c->other) == c->job->cookie)
        close(c->other);
    c->other = -1;
}

void a407_child_hang_up(struct a407_child *c)
{
    close_other(c);
    /* another process may hold a copy of fd */
    if (a407_child_usable(c))
        shutdown(c->fd, SHUT_RDWR);
    if (holds(c))
        close(c->fd);
    c->fd = -1;
}

int a407_child_end(struct a407_child *c)
{
    int status = -1;
    struct ended *e;
    a407_child_hang_up(c);
    /* in a forked copy the pid may be another process */
    if (c->pid && c->owner == getpid()) {
        kill_command(c);
        int state = state_of(c);
        status = state == A407_CHILD_ENDED    ? c->job->status
                 : state == A407_CHILD_KILLED ? 128 + SIGKILL
                                              : -1;
        e = malloc(sizeof *e);
        if (e) { /* else it is leaked */
            e->child = *c;
            put_back(e);
        }
        a407_child_sweep();
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

/* Without /proc they are. The link of an empty namespace can't be read. */
bool a407_child_same_namespace(void)
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
    if (!one_user() || !a407_child_same_namespace())
        errno = EPERM;
    else if (!a407_paths_valid())
        errno = ENOENT;
    else
        return may_wait();
    return false;
}

/* ---- the start ---- */

/* How much room a copy of the list takes, and the copy: the program may change
   its environment meanwhile. */
static size_t room_of(const char *const list[])
{
    size_t n = sizeof *list;
    for (; *list; list++)
        n += sizeof *list + strlen(*list) + 1;
    return (n + sizeof *list - 1) & -sizeof *list;
}

static char **put(char **room, const char *const list[])
{
    size_t n = 0;
    char **copy = (char **)(uintptr_t)*room;
    while (list[n])
        n++;
    char *text = (char *)(copy + n + 1);
    for (size_t i = 0; i < n; i++) {
        copy[i] = text;
        text = stpcpy(text, list[i]) + 1;
    }
    copy[n] = NULL;
    *room += room_of(list);
    return copy;
}

/* Makes both ends of the socket. False: errno; nothing is left. */
static bool connect_both(struct a407_child *c)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    c->fd = a407_socket_out_of_the_way(pair[0]);
    c->cookie = a407_socket_cookie(c->fd);
    c->other = a407_socket_out_of_the_way(pair[1]);
    c->job->fd = c->other;
    c->job->cookie = a407_socket_cookie(c->other);
    return true;
}

/* False: errno; nothing is left. */
static bool run(struct a407_child *c)
{
    struct a407_child_job *j = c->job;
    if (connect_both(c)) {
        c->owner = getpid();
        c->pid = a407_child_keeper_start(j);
        if (c->pid > 0) {
            if (j->waits)
                leaves(c, A407_CHILD_STARTING, a407_now_ms() + START_MS);
            return true;
        }
        int error = errno;
        close(c->fd);
        close(c->other);
        errno = error;
    }
    int error = errno;
    a407_child_job_free(j);
    forget(c);
    errno = error;
    return false;
}

bool a407_child_start(struct a407_child *c, const char *path,
                      const char *const argv[], bool bound)
{
    const char *const one[] = {path, NULL};
    a407_child_sweep();
    forget(c);
    char **env = allowed() ? a407_child_env() : NULL;
    if (!env)
        return false;
    const char *const *envp = (const char *const *)(uintptr_t)env;
    c->job = a407_child_job_new(room_of(one) + room_of(argv) + room_of(envp));
    if (c->job) {
        char *room = c->job->room;
        c->job->path = put(&room, one);
        c->job->argv = put(&room, argv);
        c->job->envp = put(&room, envp);
        c->job->program = bound ? getpid() : 0;
    }
    bool ok = c->job && run(c);
    int error = errno;
    free(env);
    errno = error;
    return ok;
}

int a407_child_started(struct a407_child *c)
{
    int state = c->pid ? state_of(c) : A407_CHILD_FAILED;
    if (state == A407_CHILD_STARTING && !keeper_ended(c))
        return 0;
    close_other(c);
    if (state != A407_CHILD_STARTING && state != A407_CHILD_FAILED)
        return 1;
    int error = c->pid && c->job->error ? c->job->error : ECHILD;
    a407_child_end(c);
    errno = error;
    return -1;
}
