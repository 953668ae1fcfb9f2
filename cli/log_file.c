/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/log_target.h"
#include "host/file_at.h"
#include "msg.h"

/* Not opened if it is there: the reader of a FIFO would see it end. */
static bool writable(struct a407_at *at, bool make)
{
    struct stat st;
    int fd;

    if (!at->magic && a407_at_stat(at, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return false;
    }
    if (at->why)
        return false;
    if (faccessat(at->folder, at->name, W_OK, 0) == 0)
        return true;
    if (errno != ENOENT || !make)
        return errno == ENOENT;
    fd = a407_at_open(at, O_WRONLY | O_APPEND | O_NONBLOCK | O_CREAT);
    return fd >= 0 && close(fd) == 0;
}

void a407_log_file_prepare(const char *log, bool make)
{
    struct a407_at at;
    bool good;

    if (a407_log_is_word(log))
        return;
    if (a407_at_find(&at, log, make ? A407_AT_MAKE : 0))
        good = writable(&at, make);
    else
        good = errno == ENOENT && !make; /* its folders will be made */
    if (!good && at.why)
        a407_warning("nothing can be logged to %s: %s %s", log, at.name,
                     at.why);
    else if (!good)
        a407_warning("nothing can be logged to %s: %s", log, strerror(errno));
    a407_at_close(&at);
}

void a407_state_check(const char *folder)
{
    char path[PATH_MAX];
    struct a407_at at;

    if (!folder || (size_t)snprintf(path, sizeof path, "%s/refused/x",
                                    folder) >= sizeof path)
        return;
    a407_at_find(&at, path, 0);
    if (at.why)
        a407_warning("refused credentials can't be noted in %s, and may be "
                     "sent again: %s %s",
                     folder, at.name, at.why);
    a407_at_close(&at);
}
