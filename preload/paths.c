/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_bool elsewhere;

void a407_paths_elsewhere(void)
{
    atomic_store(&elsewhere, true);
}

bool a407_paths_valid(void)
{
    return !atomic_load(&elsewhere);
}

/*
 * Root may have a user's variables (sudo -E): what it makes in a folder of that
 * user must not keep the user out. The folder of `path`, if it is one.
 */
static bool is_theirs(const char *path, struct stat *folder)
{
    char part[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash && slash > path ? (size_t)(slash - path) : 0;
    if (geteuid() != 0 || n == 0 || n >= sizeof part)
        return false;
    memcpy(part, path, n);
    part[n] = '\0';
    return stat(part, folder) == 0 && folder->st_uid != 0;
}

int a407_open_file(const char *path, int how)
{
    struct stat folder;
    if (!is_theirs(path, &folder))
        return open(path, how, 0600);
    how |= O_NOFOLLOW;
    int fd = open(path, how & ~O_CREAT);
    if (fd >= 0 || errno != ENOENT || !(how & O_CREAT))
        return fd;
    fd = open(path, how | O_EXCL, 0600);
    if (fd >= 0)
        (void)fchown(fd, folder.st_uid, folder.st_gid);
    return fd;
}

static void make_folder(const char *path)
{
    struct stat above;
    if (mkdir(path, 0700) == 0 && is_theirs(path, &above))
        (void)lchown(path, above.st_uid, above.st_gid);
}

void a407_make_parents(const char *path)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof part)
        return;
    memcpy(part, path, n + 1);
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        make_folder(part);
        *p = '/';
    }
}
