/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/file_at.h"
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

/* The names of the file, in its folder. */
struct names {
    int folder;
    const char *log;
    char aside[NAME_MAX + SUFFIX_MAX], fresh[NAME_MAX + SUFFIX_MAX];
};

/* Where two names can't change places. If somebody makes a new file between
   the steps it stays. */
static bool replace_slowly(const struct names *n)
{
    bool moved = renameat(n->folder, n->log, n->folder, n->aside) == 0;
    if (moved)
        (void)linkat(n->folder, n->fresh, n->folder, n->log, 0);
    unlinkat(n->folder, n->fresh, 0);
    return moved;
}

static bool replace(const struct names *n)
{
    /* musl has no renameat2() */
    if (syscall(SYS_renameat2, n->folder, n->fresh, n->folder, n->log,
                RENAME_EXCHANGE) != 0)
        return replace_slowly(n);
    /* else it keeps that name: nothing is lost */
    (void)renameat(n->folder, n->fresh, n->folder, n->aside);
    return true;
}

/* Who is here holds the lock: what has the name already is left over, from a
   process of that number that was killed. */
static int make_fresh(const struct names *n)
{
    static const int how = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(n->folder, n->fresh, how, 0600);
    if (fd < 0 && errno == EEXIST && unlinkat(n->folder, n->fresh, 0) == 0)
        fd = openat(n->folder, n->fresh, how, 0600);
    return fd;
}

/* Only a file is put out of the way; in a folder like /tmp root could do so
   with anybody's. */
static bool in_the_way(const struct a407_at *at, const char *name,
                       const struct stat *old)
{
    struct stat st;
    if (fstatat(at->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return S_ISDIR(st.st_mode) ||
           ((at->st.st_mode & S_ISVTX) && st.st_uid != old->st_uid &&
            st.st_uid != at->st.st_uid && st.st_uid != geteuid());
}

static bool put_aside(const struct a407_at *at, const struct stat *old)
{
    struct names n = {.folder = at->folder, .log = at->name};
    int fd = -1;
    bool moved = false;
    snprintf(n.aside, sizeof n.aside, "%s.1", at->name);
    snprintf(n.fresh, sizeof n.fresh, "%s.new.%d", at->name, (int)getpid());
    if (!in_the_way(at, n.aside, old) && !in_the_way(at, n.fresh, old))
        fd = make_fresh(&n);
    if (fd >= 0) {
        if (make_alike(fd, old) && flock(fd, LOCK_EX | LOCK_NB) == 0)
            moved = replace(&n);
        else
            unlinkat(n.folder, n.fresh, 0);
        flock(fd, LOCK_UN);
        REAL(close)(fd);
    }
    return moved;
}

bool a407_sink_rotate(const char *path, int fd, const struct stat *st)
{
    struct a407_at at;
    struct stat now;
    bool moved = false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    /* (a symbolic link stays where it is, and what it leads to is put aside) */
    bool found = a407_at_find(&at, path, 0);
    if (found && at.magic)
        moved = false; /* no name is known */
    else if (!found || a407_at_stat(&at, &now) != 0 ||
             now.st_ino != st->st_ino || now.st_dev != st->st_dev)
        moved = true; /* somebody was faster */
    else
        moved = put_aside(&at, st);
    a407_at_close(&at);
    /* a child that was forked meanwhile has a copy of fd: closing it would not
       be enough */
    flock(fd, LOCK_UN);
    return moved;
}
