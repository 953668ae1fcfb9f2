/* SPDX-License-Identifier: MIT */
/*
 * A part of a head is written on a connection whose next head gets a header,
 * and then something else happens: MODE is one of the table at the end. The
 * proxy must get what was written, once.
 */
#include "tests/fixtures/victim.h"

#define ONE "GET http://origin.test/part HTTP/1.1\r\n"
#define TWO "Host: origin.test\r\n\r\n"

static int written_in_part(void)
{
    int fd = victim_connect();
    do_get(fd, "/");
    send_all(fd, ONE, strlen(ONE));
    return fd;
}

/* ... until the proxy has answered or hung up. */
static void rest(int fd)
{
    char c;
    send_all(fd, TWO, strlen(TWO));
    if (recv(fd, &c, 1, 0) < 0)
        fail("recv");
}

static void closed(void)
{
    close(written_in_part());
}

static void replaced(void)
{
    dup2(2, written_in_part());
}

static void shut_write(void)
{
    shutdown(written_in_part(), SHUT_WR);
}

static void shut_both(void)
{
    shutdown(written_in_part(), SHUT_RDWR);
}

static void ends(void)
{
    written_in_part();
}

static void executes(void)
{
    dup2(written_in_part(), 0);
    execl("/bin/true", "true", (char *)NULL);
}

static void hands_on(void)
{
    int pair[2], fd = written_in_part();
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        fail("socketpair");
    send_right(pair[0], fd, 1);
    close(fd);
    rest(take_right(pair[1]));
}

/* Who goes on: the child, or, behind its end, the parent. */
static void forks(bool child)
{
    int fd = written_in_part();
    pid_t pid = fork();
    if (pid == 0 && child)
        rest(fd);
    if (pid == 0)
        exit(0); /* all is closed, and at_exit is called */
    waitpid(pid, NULL, 0);
    if (!child)
        rest(fd);
}

static void child_goes_on(void)
{
    forks(true);
}

static void child_ends(void)
{
    forks(false);
}

VICTIM_MODES({"closed", closed}, {"replaced", replaced},
             {"shut-write", shut_write}, {"shut-both", shut_both},
             {"ends", ends}, {"executes", executes}, {"hands-on", hands_on},
             {"child-goes-on", child_goes_on}, {"child-ends", child_ends})
