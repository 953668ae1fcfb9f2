/* SPDX-License-Identifier: MIT */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_target.h"
#include "msg.h"

/* With the mode that the library would give them. */
static void make_folders(const char *path)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    char *p;

    if (n >= sizeof part)
        return;
    memcpy(part, path, n + 1);
    for (p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(part, 0700);
        *p = '/';
    }
}

static bool make_file(const char *path)
{
    int fd;

    make_folders(path);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    return fd >= 0 && close(fd) == 0;
}

void a407_log_file_prepare(const char *log, bool make)
{
    struct stat st;
    bool good;

    if (a407_log_is_word(log))
        return;
    /* not opened: the reader of a FIFO would see it end */
    if (stat(log, &st) == 0) {
        good = !S_ISDIR(st.st_mode) && access(log, W_OK) == 0;
        if (S_ISDIR(st.st_mode))
            errno = EISDIR;
    } else {
        good = errno == ENOENT && (!make || make_file(log));
    }
    if (!good)
        a407_warning("nothing can be logged to %s: %s", log, strerror(errno));
}
