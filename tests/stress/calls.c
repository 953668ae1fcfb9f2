/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan.h"

/* The bytes as two pieces, the first of any length. */
static void split(struct iovec v[2], char *p, size_t n, uint64_t *random)
{
    size_t k = rng_below(random, n + 1);
    v[0] = (struct iovec){p, k};
    v[1] = (struct iovec){p + k, n - k};
}

ssize_t call_write(int fd, const char *p, size_t n, uint64_t *random)
{
    struct iovec v[2];
    struct mmsghdr mm = {.msg_hdr = {.msg_iov = v, .msg_iovlen = 2}};
    split(v, (char *)(uintptr_t)p, n, random);
    switch (rng_below(random, 7)) {
    case 0:
        return write(fd, p, n);
    case 1:
        return writev(fd, v, 2);
    case 2:
        return sendto(fd, p, n, MSG_NOSIGNAL, NULL, 0);
    case 3:
        return sendmsg(fd, &mm.msg_hdr, MSG_NOSIGNAL);
    case 4:
        return sendmmsg(fd, &mm, 1, MSG_NOSIGNAL) == 1 ? (ssize_t)mm.msg_len
                                                       : -1;
    case 5:
        return send(fd, p, n, MSG_NOSIGNAL | MSG_MORE);
    default:
        return send(fd, p, n, MSG_NOSIGNAL);
    }
}

/* A look first; what is read then must begin with what was seen. */
static ssize_t read_twice(int fd, char *p, size_t n, uint64_t *random)
{
    char seen[512];
    size_t most = n < sizeof seen ? n : sizeof seen;
    ssize_t k = recv(fd, seen, rng_below(random, most) + 1, MSG_PEEK);
    if (k <= 0)
        return k;
    ssize_t got = recv(fd, p, n, 0);
    if (got < k || memcmp(seen, p, (size_t)k) != 0)
        errx(1, "MSG_PEEK showed %zd bytes that recv() did not bring", k);
    return got;
}

ssize_t call_read(int fd, char *p, size_t n, bool one_by_one, uint64_t *random)
{
    struct iovec v[2];
    struct mmsghdr mm = {.msg_hdr = {.msg_iov = v, .msg_iovlen = 2}};
    split(v, p, n, random);
    switch (rng_below(random, one_by_one ? 6 : 7)) {
    case 0:
        return read(fd, p, n);
    case 1:
        return readv(fd, v, 2);
    case 2:
        return recvfrom(fd, p, n, 0, NULL, NULL);
    case 3:
        return recvmsg(fd, &mm.msg_hdr, 0);
    case 4:
        return read_twice(fd, p, n, random);
    case 5:
        return recv(fd, p, n, 0);
    default:
        return recvmmsg(fd, &mm, 1, 0, NULL) == 1 ? (ssize_t)mm.msg_len : -1;
    }
}

int call_dup(int fd, uint64_t *random)
{
    int copy;
    switch (rng_below(random, 20)) {
    case 0:
        copy = dup(fd);
        break;
    case 1:
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        break;
    case 2:
        copy = dup(fd); /* a number for dup3 to replace */
        if (copy >= 0)
            copy = dup3(fd, copy, O_CLOEXEC);
        break;
    default:
        return fd;
    }
    if (copy < 0)
        err(1, "dup");
    close(fd);
    return copy;
}

void call_child(int fd, uint64_t *random)
{
    static char name[] = "true";
    static char *const argv[] = {name, NULL};
    pid_t pid = -1;
    bool spawned = rng_one_in(random, 4);
    if (!rng_one_in(random, 300))
        return;
    if (spawned)
        errno = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NULL);
    else
        pid = fork();
    if (pid == 0) {
        close(fd);
        _exit(0);
    }
    if (pid < 0)
        err(1, "child");
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (status != 0)
        errx(1, "a child ended with status %#x", (unsigned)status);
}

unsigned count_fds(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        err(1, "/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n - 3; /* ".", "..", and the folder itself */
}
