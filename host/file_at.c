/* SPDX-License-Identifier: MIT */
#include "file_at.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* As the kernel's limit on symbolic links in a path. */
#define LINKS_MAX 40

/* A name that others make and remove in between must not keep us. */
#define TRIES 4

#define PROC_MAGIC 0x9fa0 /* statfs(2) */

/* Linux 5.8; older headers lack it */
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

#define FOLDER (O_PATH | O_DIRECTORY | O_NOFOLLOW)

struct walk {
    struct a407_at *at;
    int how, links;
    char *rest; /* what is still to be walked; PATH_MAX */
};

static int open_at(int folder, const char *name, int flags)
{
    long fd;
    do
        fd = syscall(SYS_openat, folder, name,
                     flags | O_CLOEXEC | O_NOCTTY | O_LARGEFILE, 0600);
    while (fd < 0 && errno == EINTR);
    return (int)fd;
}

static void close_fd(int fd)
{
    int saved = errno;
    if (fd >= 0)
        syscall(SYS_close, fd);
    errno = saved;
}

/* Where uids had 16 bits. */
#ifdef SYS_geteuid32
#define UID    SYS_getuid32
#define EUID   SYS_geteuid32
#define FCHOWN SYS_fchown32
#else
#define UID    SYS_getuid
#define EUID   SYS_geteuid
#define FCHOWN SYS_fchown
#endif

uid_t a407_uid(void)
{
    return (uid_t)syscall(UID);
}

uid_t a407_euid(void)
{
    return (uid_t)syscall(EUID);
}

static bool give(const struct a407_at *at, int fd)
{
    return syscall(FCHOWN, fd, at->st.st_uid, at->st.st_gid) == 0;
}

static int stat_at(int folder, const char *name, int flags, struct stat *st)
{
    struct statx x;
    if (syscall(SYS_statx, folder, name, flags, STATX_BASIC_STATS, &x) != 0)
        return errno == ENOSYS || errno == EPERM /* Linux 4.10, old sandboxes */
                   ? fstatat(folder, name, st, flags)
                   : -1;
    memset(st, 0, sizeof *st);
    st->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
    st->st_ino = x.stx_ino;
    st->st_mode = x.stx_mode;
    st->st_nlink = x.stx_nlink;
    st->st_uid = x.stx_uid;
    st->st_gid = x.stx_gid;
    st->st_size = (off_t)x.stx_size;
    st->st_mtim.tv_sec = x.stx_mtime.tv_sec;
    st->st_mtim.tv_nsec = x.stx_mtime.tv_nsec;
    return 0;
}

int a407_fd_stat(int fd, struct stat *st)
{
    return stat_at(fd, "", AT_EMPTY_PATH, st);
}

static bool refuse(struct a407_at *at, int error, const char *why)
{
    at->why = why;
    errno = error;
    return false;
}

/* ---- who is trusted: see the header ---- */

static bool is_own(uid_t owner)
{
    return owner == 0 || owner == a407_euid();
}

static bool trusted(uid_t owner)
{
    struct stat top;
    return is_own(owner) ||
           (stat_at(AT_FDCWD, "/", 0, &top) == 0 && owner == top.st_uid);
}

/* Of whom the mode does not tell: its group bits are the most that any of them
   may do. What can't be read may have one. */
static bool has_access_list(int folder)
{
    int fd = open_at(folder, ".", O_RDONLY | O_DIRECTORY);
    bool has = fd < 0 || fgetxattr(fd, "system.posix_acl_access", NULL, 0) > 0;
    close_fd(fd);
    return has;
}

static bool others_write(int fd, const struct stat *folder)
{
    return (folder->st_mode & S_IWOTH) ||
           ((folder->st_mode & S_IWGRP) &&
            (folder->st_gid != 0 || has_access_list(fd)));
}

static bool is_sticky(const struct stat *folder)
{
    return folder->st_mode & S_ISVTX;
}

/* That of a user's own folder is mostly the user's own group. */
static bool only_own_group(const struct stat *folder)
{
    uid_t user = a407_euid();
    return user != 0 && folder->st_uid == user && !(folder->st_mode & S_IWOTH);
}

static bool may_follow(struct a407_at *at, const struct stat *link)
{
    if (at->foreign || !trusted(link->st_uid))
        return refuse(at, ELOOP, "is another user's symbolic link");
    if (!at->shared || (link->st_nlink == 1 && is_own(link->st_uid) &&
                        (is_sticky(&at->st) || only_own_group(&at->st))))
        return true;
    return refuse(at, ELOOP,
                  "is a symbolic link in a folder that others may write");
}

static bool may_enter(struct a407_at *at, const struct stat *folder)
{
    if (!at->foreign || folder->st_uid == at->st.st_uid ||
        (a407_euid() != 0 && trusted(folder->st_uid)))
        return true;
    return refuse(at, EACCES,
                  "lies in a user's folder, but does not belong to that user");
}

static bool may_open(struct a407_at *at, const struct stat *file)
{
    if ((!at->foreign && !at->shared) || S_ISDIR(file->st_mode))
        return true; /* (a folder can't be written to) */
    if (S_ISLNK(file->st_mode))
        return refuse(at, ELOOP, "is a symbolic link");
    if (!S_ISREG(file->st_mode) && !S_ISFIFO(file->st_mode) &&
        !S_ISSOCK(file->st_mode))
        return refuse(at, EACCES, "is a device");
    if (file->st_nlink > 1)
        return refuse(at, EACCES, "is a file that has another name, too");
    if (!S_ISREG(file->st_mode) || is_own(file->st_uid) ||
        (at->foreign && file->st_uid == at->st.st_uid) ||
        (at->shared && !is_sticky(&at->st)))
        return true;
    return refuse(at, EACCES, "is another user's file");
}

/* ---- the walk ---- */

static bool is_empty(int folder)
{
    char list[512];
    long first = syscall(SYS_getdents64, folder, list, sizeof list);
    long more = syscall(SYS_getdents64, folder, list, sizeof list);
    return first == 48 && more == 0; /* "." and "..", of 24 bytes each */
}

/* So it is taken for one, where the kernel can't tell. */
static bool is_mounted(int folder)
{
    struct statx st;
    return syscall(SYS_statx, folder, "", AT_EMPTY_PATH, 0, &st) != 0 ||
           !(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) ||
           (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/*
 * An empty folder of root's in a user's has just been made, by us (`made`) or
 * another process, and is given to the user. If the user has put another one
 * there, he could have made it anew himself (but no mounted one, nor "..").
 */
static void give_folder(const struct a407_at *at, int folder, bool made)
{
    struct stat st;
    if (!at->foreign || a407_euid() != 0 || strcmp(at->name, "..") == 0 ||
        a407_fd_stat(folder, &st) != 0 || st.st_uid != 0)
        return;
    int fd = open_at(folder, ".", O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && is_empty(fd) && (made || !is_mounted(fd)))
        (void)give(at, fd);
    close_fd(fd);
}

/* Takes fd over. */
static bool enter(struct a407_at *at, int fd)
{
    struct stat st;
    if (a407_fd_stat(fd, &st) != 0 ||
        (at->folder >= 0 && !may_enter(at, &st))) {
        close_fd(fd);
        return false;
    }
    close_fd(at->folder);
    at->folder = fd;
    at->st = st;
    at->foreign = !trusted(st.st_uid);
    at->crossed = at->crossed || at->foreign;
    at->shared = others_write(fd, &st);
    return true;
}

static int make_folder(const struct a407_at *at, bool *made)
{
    *made = syscall(SYS_mkdirat, at->folder, at->name, 0700) == 0;
    if (!*made && errno != EEXIST) {
        errno = ENOENT; /* that it is not there says more */
        return -1;
    }
    return open_at(at->folder, at->name, FOLDER);
}

/* Links of /proc may say anything: what they lead to only the kernel knows. */
static bool in_proc(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC;
}

static bool enter_top(struct walk *w)
{
    int fd = open_at(AT_FDCWD, w->rest[0] == '/' ? "/" : ".", FOLDER);
    close_fd(w->at->folder);
    w->at->folder = -1;
    return fd >= 0 && enter(w->at, fd);
}

/* Puts what the link says before the rest, which begins with "/", if at all.
   In place: programs have threads with small stacks. */
static bool read_link(struct walk *w, int link)
{
    size_t rest = strlen(w->rest) + 1, room = PATH_MAX - rest;
    memmove(w->rest + room, w->rest, rest);
    ssize_t n = readlinkat(link, "", w->rest, room);
    if (n <= 0)
        return false;
    if ((size_t)n == room) /* perhaps not all of it */
        return refuse(w->at, ENAMETOOLONG, NULL);
    memmove(w->rest + n, w->rest + room, rest);
    return w->rest[0] != '/' || enter_top(w);
}

enum progress { FAILED, WALK_ON, ARRIVED };

static enum progress failed(int error)
{
    errno = error;
    return FAILED;
}

static enum progress follow_open(struct walk *w, int link)
{
    struct a407_at *at = w->at;
    struct stat st;
    if (a407_fd_stat(link, &st) != 0)
        return FAILED;
    if (!S_ISLNK(st.st_mode))
        return failed(ENOTDIR);
    if (++w->links > LINKS_MAX)
        return failed(ELOOP);
    if (!may_follow(at, &st))
        return FAILED;
    if (!in_proc(link))
        return read_link(w, link) ? WALK_ON : FAILED;
    at->magic = !*w->rest;
    if (at->magic)
        return ARRIVED;
    int to = open_at(at->folder, at->name, O_PATH | O_DIRECTORY);
    return to >= 0 && enter(at, to) ? WALK_ON : FAILED;
}

/* There was a symbolic link at the name. */
static enum progress follow(struct walk *w)
{
    int fd = open_at(w->at->folder, w->at->name, O_PATH | O_NOFOLLOW);
    enum progress now = fd >= 0 ? follow_open(w, fd) : FAILED;
    close_fd(fd);
    return now;
}

static enum progress through(struct walk *w)
{
    struct a407_at *at = w->at;
    bool made = false;
    int fd = open_at(at->folder, at->name, FOLDER);
    if (fd < 0 && errno == ENOENT && (w->how & A407_AT_MAKE))
        fd = make_folder(at, &made);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return follow(w);
    if (fd < 0)
        return FAILED;
    give_folder(at, fd, made);
    return enter(at, fd) ? WALK_ON : FAILED;
}

static enum progress last(struct walk *w)
{
    struct a407_at *at = w->at;
    struct stat st;
    if (strcmp(at->name, ".") == 0 || strcmp(at->name, "..") == 0)
        return failed(EISDIR);
    if (stat_at(at->folder, at->name, AT_SYMLINK_NOFOLLOW, &st) != 0)
        return errno == ENOENT ? ARRIVED : FAILED;
    if (!S_ISLNK(st.st_mode))
        return ARRIVED;
    if (w->how & A407_AT_NO_LINK) {
        refuse(at, ELOOP, "is a symbolic link");
        return FAILED;
    }
    return follow(w);
}

/* The next component, from the rest to the name. */
static enum progress next(struct walk *w)
{
    const char *p = w->rest + strspn(w->rest, "/");
    size_t n = strcspn(p, "/");
    if (n > NAME_MAX)
        return failed(ENAMETOOLONG);
    if (n == 0) /* the path ends with "/" */
        return failed(EISDIR);
    memcpy(w->at->name, p, n);
    w->at->name[n] = '\0';
    memmove(w->rest, p + n, strlen(p + n) + 1);
    return *w->rest ? through(w) : last(w);
}

bool a407_at_find(struct a407_at *at, const char *path, int how)
{
    struct walk w;
    size_t n = strlen(path);
    int error;
    enum progress now = WALK_ON;
    memset(at, 0, sizeof *at);
    at->folder = -1;
    if (n == 0 || n >= PATH_MAX) {
        errno = n ? ENAMETOOLONG : ENOENT;
        return false;
    }
    w.rest = malloc(PATH_MAX); /* the stack may be a small one */
    if (!w.rest)
        return false;
    w.at = at;
    w.how = how;
    w.links = 0;
    memcpy(w.rest, path, n + 1);
    if (!enter_top(&w))
        now = FAILED;
    while (now == WALK_ON)
        now = next(&w);
    error = errno;
    free(w.rest);
    errno = error;
    return now == ARRIVED;
}

/* ---- what is there ---- */

int a407_at_stat(struct a407_at *at, struct stat *st)
{
    if (stat_at(at->folder, at->name, AT_SYMLINK_NOFOLLOW, st) != 0 ||
        !may_open(at, st))
        return -1;
    return 0;
}

/* One that is there. It is looked at before, since opening a device or a FIFO
   does something to it, and again when nobody can exchange it any more. */
static int open_existing(struct a407_at *at, int flags)
{
    struct stat st;
    if (at->magic)
        return open_at(at->folder, at->name, flags);
    bool check = at->foreign || at->shared;
    if (check && a407_at_stat(at, &st) != 0)
        return -1;
    int fd = open_at(at->folder, at->name, flags | O_NOFOLLOW);
    if (fd >= 0 && check &&
        (a407_fd_stat(fd, &st) != 0 || !may_open(at, &st))) {
        close_fd(fd);
        return -1;
    }
    return fd;
}

int a407_at_open(struct a407_at *at, int flags)
{
    int how = flags & ~O_CREAT;
    for (int i = 0; i < TRIES; i++) {
        int fd = open_existing(at, how);
        if (fd >= 0 || errno != ENOENT || !(flags & O_CREAT) || at->magic)
            return fd;
        fd = open_at(at->folder, at->name, how | O_CREAT | O_EXCL | O_NOFOLLOW);
        if (fd >= 0 && at->foreign && a407_euid() == 0)
            (void)give(at, fd);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

void a407_at_close(struct a407_at *at)
{
    close_fd(at->folder);
    at->folder = -1;
}

/* ---- the same once more ---- */

/* Of the last walk. Nobody waits for it: who finds it taken walks, and so does
   the child of a fork that found it taken. */
static struct {
    atomic_flag taken;
    uid_t user;
    struct stat folder;
    bool shared;
    size_t folder_n; /* of the path; 0: none is known */
    char path[PATH_MAX];
} known = {.taken = ATOMIC_FLAG_INIT};

static void remember(const struct a407_at *at, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = strlen(path);
    if (atomic_flag_test_and_set(&known.taken))
        return;
    /* (what an access list says does not show in a folder's mode: others_write)
     */
    bool plain = !(at->st.st_mode & S_IWGRP) || at->st.st_gid != 0;
    known.folder_n = 0;
    if (slash && n < PATH_MAX && plain && !at->crossed && !at->magic) {
        memcpy(known.path, path, n + 1);
        known.folder_n = (size_t)(slash - path);
        known.user = a407_euid();
        known.folder = at->st;
        known.shared = at->shared;
    }
    atomic_flag_clear(&known.taken);
}

static int open_known_folder(struct stat *st)
{
    known.path[known.folder_n] = '\0';
    int fd = open_at(AT_FDCWD, known.path, FOLDER);
    known.path[known.folder_n] = '/';
    if (fd >= 0 && a407_fd_stat(fd, st) == 0 &&
        st->st_ino == known.folder.st_ino &&
        st->st_dev == known.folder.st_dev &&
        st->st_mode == known.folder.st_mode &&
        st->st_uid == known.folder.st_uid && st->st_gid == known.folder.st_gid)
        return fd;
    close_fd(fd);
    return -1;
}

/* As a407_at_find, but the name may be a symbolic link. */
static bool find_known(struct a407_at *at, const char *path)
{
    memset(at, 0, sizeof *at);
    at->folder = -1;
    if (atomic_flag_test_and_set(&known.taken))
        return false;
    if (known.folder_n && strcmp(path, known.path) == 0 &&
        known.user == a407_euid())
        at->folder = open_known_folder(&at->st);
    at->shared = known.shared;
    if (at->folder >= 0) { /* it was walked to, so the name fits */
        const char *name = known.path + known.folder_n + 1;
        memcpy(at->name, name, strlen(name) + 1);
    }
    atomic_flag_clear(&known.taken);
    return at->folder >= 0;
}

int a407_file_open(const char *path, int flags)
{
    struct a407_at at;
    int fd = -1, how = (flags & O_CREAT ? A407_AT_MAKE : 0) |
                       (flags & O_NOFOLLOW ? A407_AT_NO_LINK : 0);
    if (find_known(&at, path))
        fd = a407_at_open(&at, flags & ~O_CREAT);
    a407_at_close(&at);
    if (fd >= 0)
        return fd;
    if (a407_at_find(&at, path, how) && (fd = a407_at_open(&at, flags)) >= 0)
        remember(&at, path);
    a407_at_close(&at);
    return fd;
}

bool a407_path_absolute(const char *path, char out[PATH_MAX])
{
    size_t n = 0, more = strlen(path) + 1;
    if (*path != '/') {
        if (!getcwd(out, PATH_MAX))
            return false;
        n = strlen(out);
        out[n++] = '/'; /* in the place of its NUL */
    }
    if (more > PATH_MAX - n) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(out + n, path, more);
    return true;
}

static atomic_bool elsewhere;

void a407_paths_elsewhere(void)
{
    atomic_store(&elsewhere, true);
}

bool a407_paths_valid(void)
{
    return !atomic_load(&elsewhere);
}

char *a407_path_in(const char *folder, const char *name)
{
    char *path = folder && a407_paths_valid() ? malloc(PATH_MAX) : NULL;
    if (path && snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX) {
        free(path);
        path = NULL;
    }
    return path;
}
