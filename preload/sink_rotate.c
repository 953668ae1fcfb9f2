/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real.h"

/*
 * Many processes may find the file too large at once. Who gets the lock of the
 * file that stands at the path changes it; the others go on appending to what
 * they have open, which is then PATH.1. The new file is locked before it can be
 * seen and until all is done, so that no other process puts it aside in
 * between. The two change places in one step: a process that opens the path
 * finds one or the other.
 */

#define SUFFIX_MAX 24 /* of ".1" and of ".new." and a process id */

/* The group and mode of the old one, or its other users lose their log. */
static bool make_alike(int fd, const struct stat *old)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    uid_t uid = geteuid() == 0 ? old->st_uid : (uid_t)-1;
    bool same = st.st_gid == old->st_gid &&
                (uid == (uid_t)-1 || st.st_uid == old->st_uid);
    if (!same && fchown(fd, uid, old->st_gid) != 0 && (old->st_mode & 077))
        return false;
    return fchmod(fd, old->st_mode & 0777) == 0;
}

/* Where two names can't change places. If somebody makes a new file between
   the steps it stays. */
static bool replace_slowly(const char *path, const char *aside,
                           const char *fresh)
{
    bool moved = rename(path, aside) == 0;
    if (moved)
        (void)link(fresh, path);
    unlink(fresh);
    return moved;
}

static bool replace(const char *path, const char *aside, const char *fresh)
{
    /* musl has no renameat2() */
    if (syscall(SYS_renameat2, AT_FDCWD, fresh, AT_FDCWD, path,
                RENAME_EXCHANGE) != 0)
        return replace_slowly(path, aside, fresh);
    (void)rename(fresh, aside); /* else it keeps that name: nothing is lost */
    return true;
}

/* Who is here holds the lock: what has the name already is left over, from a
   process of that number that was killed. */
static int make_fresh(const char *fresh)
{
    static const int how = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(fresh, how, 0600);
    if (fd < 0 && errno == EEXIST && unlink(fresh) == 0)
        fd = open(fresh, how, 0600);
    return fd;
}

static bool put_aside(const char *path, const struct stat *old)
{
    size_t n = strlen(path) + SUFFIX_MAX;
    char *aside = malloc(n), *fresh = malloc(n);
    struct stat st;
    int fd = -1;
    bool moved = false;
    if (aside && fresh) {
        snprintf(aside, n, "%s.1", path);
        snprintf(fresh, n, "%s.new.%d", path, (int)getpid());
        /* only a file is put out of the way */
        if (lstat(aside, &st) != 0 || !S_ISDIR(st.st_mode))
            fd = make_fresh(fresh);
    }
    if (fd >= 0) {
        if (make_alike(fd, old) && flock(fd, LOCK_EX | LOCK_NB) == 0)
            moved = replace(path, aside, fresh);
        else
            unlink(fresh);
        flock(fd, LOCK_UN);
        REAL(close)(fd);
    }
    free(aside);
    free(fresh);
    return moved;
}

bool a407_sink_rotate(const char *path, int fd, const struct stat *st)
{
    struct stat now;
    bool moved = false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    char *real = realpath(path, NULL); /* a symbolic link stays where it is */
    if (!real || lstat(real, &now) != 0 || now.st_ino != st->st_ino ||
        now.st_dev != st->st_dev)
        moved = true; /* somebody was faster */
    else
        moved = put_aside(real, st);
    free(real);
    /* a child that was forked meanwhile has a copy of fd: closing it would not
       be enough */
    flock(fd, LOCK_UN);
    return moved;
}
