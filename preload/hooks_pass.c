/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "hooks.h"
#include "settings.h"
#include "track.h"

/* Connections that go from one program to another. */

/* The fds in a message's SCM_RIGHTS, one after the other, to `each`. */
static void each_right(const struct msghdr *m,
                       void (*each)(int fd, const void *caller),
                       const void *caller)
{
    struct msghdr *own = (struct msghdr *)(uintptr_t)m; /* the macro's type */
    for (struct cmsghdr *c = CMSG_FIRSTHDR(own); c; c = CMSG_NXTHDR(own, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
            c->cmsg_len < CMSG_LEN(0))
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            each(fd, caller);
        }
    }
}

/* The receiver knows nothing of the request: its 407 is dealt with here. */
static void settle(int fd, const void *caller)
{
    if (a407_reads(fd) && a407_own_process())
        a407_settle(fd, A407_ANSWER, caller);
}

void a407_rights_leave(const struct msghdr *m, const void *caller)
{
    if (!a407_guard.depth)
        each_right(m, settle, caller);
}

static void arrived(int fd, const void *caller)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    (void)caller;
    /* The number may have been closed behind our back before. */
    a407_track_drop(fd);
    if (getpeername(fd, (struct sockaddr *)&peer, &n) == 0)
        a407_adopt(fd, (struct sockaddr *)&peer, n);
}

void a407_rights_come(const struct msghdr *m)
{
    /* A process that has never connected to the internet is not asked for the
       name of a peer: a sandboxed one would die of that. */
    if (a407_guard.depth || !a407_settings_loaded())
        return;
    int saved = errno;
    each_right(m, arrived, NULL);
    errno = saved;
}
