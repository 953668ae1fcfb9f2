/* SPDX-License-Identifier: MIT */
#ifndef A407_FILE_AT_H
#define A407_FILE_AT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/*
 * Files by path, where other users may have a hand in the path. Root runs
 * programs with a user's settings (sudo -E, cron), and whoever may write in a
 * folder can put a symbolic link in the place of what is there, at any moment.
 * So a path is walked once, folder by folder; each is held open while its owner
 * and mode are looked at; and all that is done then is done with openat() and
 * kin in the last folder, by a name without "/". What is trusted:
 *
 * - Root, the effective user, and who owns "/" (in a user namespace that is
 *   root outside, and shows as 65534). All others are others; group 0 is not.
 * - A symbolic link is followed if it belongs to one of these and others can't
 *   write in its folder. If they can: only root's or our own, only with the
 *   sticky bit, or, not for root, by the group of a folder of our own (mostly
 *   the user's own group), and never one that has a second name. Links of /proc
 *   are the kernel's.
 * - A folder of another user is that user's ground: no symbolic link is
 *   followed there, and a folder below must be that user's. (If we are not
 *   root, one of root's or ours will do: home folders may lie there.) For, the
 *   owner may put any folder that he can rename in the place of another.
 * - In a folder that others can write (by its mode, or by an access list), only
 *   a FIFO, a socket or a regular file with one name is opened: a hard link
 *   leads to a file of another folder. A regular file must be ours, root's or
 *   that of the user whose folder it is; another user's only if the folder has
 *   no sticky bit, as those have that a group shares. (Who owns "/" is not
 *   trusted here: in a user namespace all users outside look like that.)
 * - What root makes in a user's ground is given to that user, and so is an
 *   empty folder of root's there, unless it is mounted: another process may
 *   have made it just now.
 *
 * A folder that is moved behind our back is still the one that was looked at.
 * Where a group may rename what is root's, without a sticky bit, it is trusted
 * to choose among those folders.
 *
 * All of it is system calls, directly where libc's would be a hook of ours, a
 * cancellation point of the program, or another preloaded library's: fakeroot
 * tells of owners that are none, and asks a server for them over a connection
 * that we are asked about. Nothing is allocated.
 */
struct a407_at {
    int folder;              /* O_PATH; -1: none */
    struct stat st;          /* of the folder */
    bool foreign;            /* another user's ground */
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
 * is one; the component itself need not be there. False: errno says why, and if
 * it was refused by what is said above (EACCES, ELOOP) `why` does. To be closed
 * in any case.
 */
bool a407_at_find(struct a407_at *at, const char *path, int how);

/*
 * open() with mode 0600. O_CREAT makes a file only if there is none. -1: as
 * above. Never blocks on a FIFO if `flags` has O_NONBLOCK. A socket only with
 * O_PATH.
 */
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

/* path, from the current folder if it is relative. False: it does not fit, or
   that folder is not known (errno). */
bool a407_path_absolute(const char *path, char out[PATH_MAX]);

/*
 * The program has called chroot(): a path of the settings names another file
 * now. Who makes files, or reads a secret, asks first. For the whole process;
 * atomic.
 */
void a407_paths_elsewhere(void);
bool a407_paths_valid(void);

/* folder/name, in PATH_MAX bytes that are the caller's to free: a handler's
   stack may be a small one. NULL: no folder, no memory, too long, or paths are
   not valid. */
char *a407_path_in(const char *folder, const char *name);

/* The three in one: O_CREAT makes folders, too, and O_NOFOLLOW is
   A407_AT_NO_LINK. */
int a407_file_open(const char *path, int flags);

#endif
