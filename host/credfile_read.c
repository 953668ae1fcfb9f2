/* SPDX-License-Identifier: MIT */
#include "credfile_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_at.h"

/* strerror() would load the program's language files. */
static const char *reason(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "this user may not read it";
    case ELOOP:
        return "too many symbolic links";
    case EISDIR:
        return "it is a folder";
    case ENAMETOOLONG:
        return "the path is too long";
    case EMFILE:
    case ENFILE:
        return "too many files are open";
    case ENOMEM:
        return "out of memory";
    case EIO:
        return "the device failed";
    default:
        return NULL;
    }
}

static enum a407_credfile_read unreadable(const char *path, int error,
                                          struct a407_diag *diag)
{
    const char *why = reason(error);
    if (why)
        a407_diag_set(diag, "%.200s: can't be read: %s", path, why);
    else
        a407_diag_set(diag, "%.200s: can't be read: error %d", path, error);
    return A407_CREDFILE_UNREADABLE;
}

/* A process that runs for another user than its own is not theirs: what their
   file says would be done with its rights. */
static bool may_own(uid_t owner)
{
    return owner == 0 || (owner == a407_euid() && owner == a407_uid());
}

static enum a407_credfile_read check(int fd, const char *path,
                                     struct a407_diag *diag)
{
    struct stat st;
    if (a407_fd_stat(fd, &st) != 0)
        return unreadable(path, errno, diag);
    unsigned mode = (unsigned)st.st_mode & 07777;
    const char *may = mode & 044 ? "read" : mode & 022 ? "change" : "run";
    if (!S_ISREG(st.st_mode))
        a407_diag_set(diag, "%.200s: not a regular file; name one", path);
    else if (!may_own(st.st_uid) && st.st_uid == a407_euid())
        a407_diag_set(diag,
                      "%.200s: belongs to user %lu, but this process to user "
                      "%lu",
                      path, (unsigned long)st.st_uid,
                      (unsigned long)a407_uid());
    else if (!may_own(st.st_uid))
        a407_diag_set(diag,
                      "%.200s: belongs to user %lu, not to you; use a file "
                      "of your own",
                      path, (unsigned long)st.st_uid);
    else if (mode & 077)
        a407_diag_set(diag,
                      "%.200s: mode %04o lets others %s it; run: chmod 600 "
                      "%.200s",
                      path, mode, may, path);
    else if ((unsigned long long)st.st_size > A407_CREDFILE_MAX)
        a407_diag_set(diag,
                      "%.200s: larger than 1 MiB; this is no credential "
                      "file",
                      path);
    else
        return A407_CREDFILE_OK;
    return A407_CREDFILE_REFUSED;
}

static enum a407_credfile_read
read_all(int fd, const char *path, struct a407_buf *out, struct a407_diag *diag)
{
    char chunk[4096];
    enum a407_credfile_read result = A407_CREDFILE_OK;
    for (;;) {
        long n = syscall(SYS_read, fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            result = unreadable(path, errno, diag);
        if (n <= 0)
            break;
        /* it may have grown since the check */
        if (!a407_buf_add(out, chunk, (size_t)n)) {
            a407_diag_set(diag,
                          "%.200s: can't be read: too large, or out of memory",
                          path);
            result = A407_CREDFILE_UNREADABLE;
            break;
        }
    }
    a407_wipe(chunk, sizeof chunk);
    return result;
}

/* A file that could not be opened. */
static enum a407_credfile_read closed(const struct a407_at *at,
                                      const char *path, struct a407_diag *diag)
{
    if (at->why) {
        a407_diag_set(diag, "%.200s: can't be trusted: %.80s %s", path,
                      at->name, at->why);
        return A407_CREDFILE_REFUSED;
    }
    return errno == ENOENT || errno == ENOTDIR ? A407_CREDFILE_ABSENT
                                               : unreadable(path, errno, diag);
}

enum a407_credfile_read a407_credfile_read(const char *path,
                                           struct a407_buf *out,
                                           struct a407_diag *diag)
{
    int saved = errno;
    enum a407_credfile_read result;
    struct a407_at at;
    diag->text[0] = '\0';
    a407_buf_free(out);
    a407_buf_init(out, A407_CREDFILE_MAX);
    /* O_NONBLOCK: a FIFO in its place must not hold the program up */
    int fd = a407_at_find(&at, path, 0)
                 ? a407_at_open(&at, O_RDONLY | O_NONBLOCK)
                 : -1;
    if (fd < 0) {
        result = closed(&at, path, diag);
    } else {
        result = check(fd, path, diag);
        if (result == A407_CREDFILE_OK)
            result = read_all(fd, path, out, diag);
        if (result != A407_CREDFILE_OK)
            a407_buf_free(out);
        syscall(SYS_close, fd);
    }
    a407_at_close(&at);
    errno = saved;
    return result;
}

struct a407_span a407_first_line(const struct a407_buf *text)
{
    struct a407_span line = a407_span(text->p, text->n);
    const char *lf = a407_span_find(line, '\n');
    line = lf ? a407_span_before(line, lf) : line;
    line.n -= line.n && line.p[line.n - 1] == '\r';
    return line;
}

enum a407_credfile_read a407_credfile_load(struct a407_config *c,
                                           struct a407_diag *diag)
{
    struct a407_buf text;
    if (!c->credentials_path)
        return A407_CREDFILE_ABSENT;
    a407_buf_init(&text, A407_CREDFILE_MAX);
    enum a407_credfile_read result =
        a407_credfile_read(c->credentials_path, &text, diag);
    if (result == A407_CREDFILE_OK &&
        !a407_config_add_file(c, text.p ? text.p : "", text.n, diag))
        result = A407_CREDFILE_REFUSED;
    a407_buf_free(&text);
    return result;
}
