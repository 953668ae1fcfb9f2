/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_at.h"

/*
 * Several processes may find the file too large at once. The one that gets the
 * lock (flock) of the file at the path rotates it; the others go on appending
 * to what they have open, which is then PATH.1. The new file is locked before
 * it gets a name and until the rotation is complete, so that no other process
 * rotates it meanwhile. The names are exchanged atomically: the path always
 * leads to a file.
 */

#define SUFFIX_MAX 24 /* of ".1" and of ".new." and a process id */

/* Gives it the old file's group and mode, or other users of the log lose
   access. */
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

/* Names in the folder of the file. */
struct names {
    int folder;
    const char *log;
    char old[NAME_MAX + SUFFIX_MAX], fresh[NAME_MAX + SUFFIX_MAX];
};

/* For file systems without RENAME_EXCHANGE. A file that somebody creates
   between the steps stays. */
static bool replace_slowly(const struct names *n)
{
    bool moved = renameat(n->folder, n->log, n->folder, n->old) == 0;
    bool made = moved && linkat(n->folder, n->fresh, n->folder, n->log, 0) == 0;
    (void)made; /* else somebody was faster, or who writes next makes it */
    unlinkat(n->folder, n->fresh, 0);
    return moved;
}

static bool replace(const struct names *n)
{
    /* musl has no renameat2() */
    if (syscall(SYS_renameat2, n->folder, n->fresh, n->folder, n->log,
                RENAME_EXCHANGE) != 0)
        return replace_slowly(n);
    /* if this fails the old file keeps that name: nothing is lost */
    (void)renameat(n->folder, n->fresh, n->folder, n->old);
    return true;
}

/* We hold the lock: a file of that name is left over from a process with our
   pid that was killed. */
static int make_fresh(const struct names *n)
{
    static const int how = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(n->folder, n->fresh, how, 0600);
    if (fd < 0 && errno == EEXIST && unlinkat(n->folder, n->fresh, 0) == 0)
        fd = openat(n->folder, n->fresh, how, 0600);
    return fd;
}

/* Would a rename replace a folder or, in a sticky folder such as /tmp, where
   root may, another user's file? */
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

static bool rotate(const struct a407_at *at, const struct stat *old)
{
    struct names n = {.folder = at->folder, .log = at->name};
    int fd = -1;
    bool moved = false;
    snprintf(n.old, sizeof n.old, "%s.1", at->name);
    snprintf(n.fresh, sizeof n.fresh, "%s.new.%d", at->name, (int)getpid());
    if (!in_the_way(at, n.old, old) && !in_the_way(at, n.fresh, old))
        fd = make_fresh(&n);
    if (fd >= 0) {
        if (make_alike(fd, old) && flock(fd, LOCK_EX | LOCK_NB) == 0)
            moved = replace(&n);
        else
            unlinkat(n.folder, n.fresh, 0);
        flock(fd, LOCK_UN);
        close(fd);
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
    /* a symbolic link stays; the file that it leads to is rotated */
    bool found = a407_at_find(&at, path, 0);
    if (found && at.magic)
        moved = false; /* its name is not known */
    else if (!found || a407_at_stat(&at, &now) != 0 ||
             now.st_ino != st->st_ino || now.st_dev != st->st_dev)
        moved = true; /* another process has rotated it */
    else
        moved = rotate(&at, st);
    a407_at_close(&at);
    /* a child that was forked meanwhile has a copy of fd */
    flock(fd, LOCK_UN);
    return moved;
}
