/* SPDX-License-Identifier: MIT */
/* Where no process may be started beside the program. */
#include <sched.h>

#include "child_help.h"
#include "host/file_at.h"
#include "unit.h"

static bool starts(void)
{
    struct a407_child c;
    return shell(&c, "exit 3") && child_end(&c, in(5000)) == 3;
}

/* Does not start, leaves nothing behind, and says why. */
static bool refuses(int error)
{
    struct a407_child c;
    int low = lowest_fd();
    errno = 0;
    return !shell(&c, "exit 3") && errno == error && !c.pid &&
           lowest_fd() == low && fcntl(200, F_GETFD) == -1;
}

static bool as_another_user(void)
{
    static const struct {
        uid_t real, effective, saved;
    } users[] = {{0, 4321, 0}, {0, 4321, 4321}, {4321, 0, 0}, {4321, 4321, 0}};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        if (setresuid(users[i].real, users[i].effective, users[i].saved) != 0 ||
            !refuses(EPERM))
            return false;
        if (setresuid(0, 0, 0) != 0 && (seteuid(0) || setresuid(0, 0, 0)))
            return false;
    }
    if (setresgid(4321, 4321, 0) != 0 || !refuses(EPERM))
        return false;
    return setresgid(4321, 4321, 4321) == 0 &&
           setresuid(4321, 4321, 4321) == 0 && starts();
}

/* Root that acts for a user: a shell would be root's. */
TEST(two_users)
{
    if (geteuid() != 0)
        skip();
    apart(as_another_user);
}

static bool in_another_root(void)
{
    a407_paths_elsewhere();
    return refuses(ENOENT);
}

/* The file at the path is another one there. */
TEST(another_root)
{
    assert_true(starts());
    apart(in_another_root);
}

static bool in_new_namespace(void)
{
    int status;
    if (unshare(CLONE_NEWPID) != 0)
        return true;
    /* it has no process yet, and then one */
    if (!refuses(EPERM))
        return false;
    pid_t first = fork();
    if (first == 0) {
        alarm(60);
        pause();
        _exit(1);
    }
    if (first < 0 || !refuses(EPERM))
        return false;
    pid_t second = fork();
    if (second == 0)
        _exit(!starts());
    bool ok = second > 0 && waitpid(second, &status, 0) == second && !status;
    kill(first, SIGKILL);
    return waitpid(first, &status, 0) == first && ok;
}

/* The program's own next child is to be the first of the new namespace. */
TEST(another_namespace)
{
    apart(in_new_namespace);
}

static bool without_waiting(void)
{
    return !forbid(SYS_wait4, SYS_waitid) || refuses(EPERM);
}

static bool with_half_of_it(void)
{
    return !forbid(SYS_waitid, SYS_waitid) || refuses(EPERM);
}

/* A sandbox in which nobody could tell when it has ended. */
TEST(no_waiting)
{
    apart(without_waiting);
    apart(with_half_of_it);
}
