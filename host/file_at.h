/* SPDX-License-Identifier: MIT */
#ifndef A407_FILE_AT_H
#define A407_FILE_AT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Files by path, where other users may have a hand in the path: root runs
 * programs with a user's settings (sudo -E, cron), and whoever may write in a
 * folder can replace what is there by a symbolic link at any moment. So a path
 * is walked once, folder by folder, each held open while its owner and mode are
 * checked; all else is done by openat() and kin in the last folder, by a name
 * without "/". The rules:
 *
 * - Trusted are root, the effective user, and who owns "/" (in a user namespace
 *   root outside, shown as 65534). All others are others; group 0 is not.
 * - A symbolic link is followed if its owner is trusted and others can't write
 *   in its folder. If they can: only root's or our own with one name, in a
 *   folder that is sticky or, not for root, our own and writable by its group
 *   only. Links of /proc are the kernel's.
 * - In a folder of another user no symbolic link is followed, and a folder must
 *   be that user's or, if we are not root, a trusted one's (home folders may
 * lie there): the owner can put any folder in the place of another.
 * - In a folder that others can write (by mode or access list), only a FIFO, a
 *   socket or a regular file with one name is opened: a hard link leads
 *   elsewhere. A regular file must be ours, root's or of the folder's user, or
 *   the folder is not sticky, as those that a group shares. (Who owns "/" is
 *   not trusted here: in a user namespace all users outside look so.)
 * - What root makes in a user's folder is given to that user; so is an empty
 *   folder of root's there that is not mounted: another process may just have
 *   made it.
 *
 * A group that may rename root's folders, without a sticky bit, is trusted to
 * choose among them.
 *
 * All of it is system calls, directly where libc's would be a hook of ours, a
 * cancellation point, or another preloaded library's: fakeroot invents owners,
 * and asks a server for them over a connection that we are asked about.
 */
struct a407_at {
    int folder;              /* O_PATH; -1: none */
    struct stat st;          /* of the folder */
    bool foreign;            /* another user's ground */
    bool crossed;            /* ... was walked through, or is it */
    bool shared;             /* others can write there */
    bool magic;              /* the name is a link of /proc, to be followed */
    const char *why;         /* why it was refused: words behind the name */
    char name[NAME_MAX + 1]; /* in the folder; where refused, of what */
};

enum {
    A407_AT_MAKE = 1,   /* folders that are missing are made, mode 0700 */
    A407_AT_NO_LINK = 2 /* the last component must be no symbolic link */
};

/*
 * Walks to the folder of path's last component, through symbolic links if that
 * is one; it need not be there. False: errno, and where a rule refused it
 * (EACCES, ELOOP) `why`, say why. To be closed in any case.
 */
bool a407_at_find(struct a407_at *at, const char *path, int how);

/* open() with mode 0600; -1: as above. O_CREAT makes a file only if there is
   none. Opens a socket only with O_PATH. */
int a407_at_open(struct a407_at *at, int flags);

/* Is it there, may it be opened? Its status without following it; -1: as
   above. Not for a link of /proc. */
int a407_at_stat(struct a407_at *at, struct stat *st);

void a407_at_close(struct a407_at *at);

/* As getuid(), geteuid() and fstat() (mode, owner, links, size, number, time of
   change), but the kernel's own word. */
uid_t a407_uid(void);
uid_t a407_euid(void);
int a407_fd_stat(int fd, struct stat *st);

/* When it was changed, in microseconds since the epoch. */
static inline int64_t a407_stat_us(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
}

/* path, from the current folder if it is relative. False: it does not fit, or
   that folder is not known (errno). */
bool a407_path_absolute(const char *path, char out[PATH_MAX]);

/* The program has called chroot(): a path of the settings names another file
   now. Who makes files, or reads a secret, asks first. Atomic. */
void a407_paths_elsewhere(void);
bool a407_paths_valid(void);

/* folder/name, in PATH_MAX bytes that the caller frees. NULL: no folder, no
   memory, too long, or paths are not valid. */
char *a407_path_in(const char *folder, const char *name);

/*
 * The three in one: O_CREAT makes folders, too, and O_NOFOLLOW is
 * A407_AT_NO_LINK. A path that is opened again is not walked again: if the
 * kernel, by the same path, comes to the very folder of the last walk, and its
 * owner and mode are what they were, then all that was found out about it
 * holds, whatever has been moved on the way. Not where the walk has crossed
 * another user's ground: links of others are not followed there, not even to
 * look where they lead.
 */
int a407_file_open(const char *path, int flags);

#endif
