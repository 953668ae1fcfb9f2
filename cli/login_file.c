/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/credfile_read.h"
#include "host/file_at.h"
#include "login.h"
#include "msg.h"

/* ---- reading ---- */

void a407_login_file_free(struct a407_login_file *f)
{
    a407_buf_free(&f->text);
    a407_credentials_free(f->sections);
    f->sections = NULL;
}

bool a407_login_file_read(const char *path, struct a407_login_file *out)
{
    struct a407_diag diag;
    *out = (struct a407_login_file){0};
    a407_buf_init(&out->text, A407_CREDFILE_MAX);
    enum a407_credfile_read is =
        a407_credfile_read(path, A407_CREDFILE_PRIVATE, &out->text, &diag);
    if (is == A407_CREDFILE_ABSENT)
        return true;
    if (is == A407_CREDFILE_OK) {
        const char *text = out->text.n ? out->text.p : "";
        out->sections = a407_credfile_parse(text, out->text.n, path, &diag);
        if (!diag.text[0])
            return true;
    }
    a407_error("%s", diag.text);
    a407_login_file_free(out);
    return false;
}

/* ---- one at a time ---- */

#define LOCK_MS 10000
#define LOOK_MS 20

/* On the folder: the file itself is another one after each change. -1: said. It
   ends with the descriptor. A file system that has no locks goes without. */
static int lock(const struct a407_at *at, const char *path)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    int fd = openat(at->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        a407_error("%s: can't open its folder: %s", path, strerror(errno));
        return -1;
    }
    int64_t until = a407_now_ms() + LOCK_MS;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fd;
        if (a407_now_ms() >= until) {
            a407_error("%s: another auth407 login holds it; try again", path);
            close(fd);
            return -1;
        }
        nanosleep(&pause, NULL);
    }
    return fd;
}

/* ---- writing ---- */

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

/* An empty file of ours, or of whose folder it is, as it was just made. */
static bool is_new(const struct a407_at *at, int fd)
{
    struct stat st;
    errno = EEXIST;
    return a407_fd_stat(fd, &st) == 0 && S_ISREG(st.st_mode) && !st.st_size &&
           st.st_nlink == 1 &&
           (st.st_uid == a407_euid() || (at->foreign && a407_euid() == 0));
}

/* In `next` beside it first. What of that a killed process has left has no
   other use: it goes. */
static bool put(const struct a407_at *at, struct a407_at *next, int folder,
                const struct a407_buf *text, mode_t mode)
{
    unlinkat(at->folder, next->name, 0);
    int fd = a407_at_open(next, O_WRONLY | O_CREAT | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = is_new(next, fd) && fchmod(fd, mode) == 0 &&
              write_all(fd, text->p, text->n) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    errno = error;
    if (ok && renameat(at->folder, next->name, at->folder, at->name) == 0) {
        fsync(folder); /* some file systems can't: it is in its place */
        return true;
    }
    error = errno;
    unlinkat(at->folder, next->name, 0);
    errno = error;
    return false;
}

static bool replace(const struct a407_at *at, int folder, const char *path,
                    const struct a407_buf *text)
{
    struct a407_at next = *at;
    struct stat st;
    sigset_t all, before;
    bool there = fstatat(at->folder, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    int n = snprintf(next.name, sizeof next.name, ".%.200s.new", at->name);
    if (n < 0 || n >= (int)sizeof next.name)
        return false;
    /* a file size limit is an error, not the end */
    signal(SIGXFSZ, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    bool ok = put(at, &next, folder, text, there ? st.st_mode & 0600 : 0600);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (!ok && next.why)
        a407_error("%s: can't be written: %s %s", path, next.name, next.why);
    else if (!ok)
        a407_error("%s: can't be written: %s", path, strerror(error));
    return ok;
}

/* What was made must say what was meant, to those who will read it. */
static bool is_readable(const char *path, const struct a407_buf *text)
{
    struct a407_diag diag;
    a407_credentials_free(
        a407_credfile_parse(text->n ? text->p : "", text->n, path, &diag));
    if (diag.text[0])
        a407_error("nothing was written, for that would be an error: %s",
                   diag.text);
    return !diag.text[0];
}

static int change(const char *path, const struct a407_at *at, int folder,
                  a407_login_edit_fn *edit, void *arg)
{
    struct a407_login_file f;
    struct a407_buf out;
    if (!a407_login_file_read(path, &f))
        return A407_LOGIN_FAILED;
    a407_buf_init(&out, A407_CREDFILE_MAX);
    int is = edit(arg, &f, &out);
    if (is == A407_LOGIN_DONE && out.failed) {
        a407_error("%s: would be larger than 1 MiB, or out of memory", path);
        is = A407_LOGIN_FAILED;
    }
    if (is == A407_LOGIN_DONE &&
        !(is_readable(path, &out) && replace(at, folder, path, &out)))
        is = A407_LOGIN_FAILED;
    a407_buf_free(&out);
    a407_login_file_free(&f);
    return is;
}

int a407_login_file_change(const char *path, a407_login_edit_fn *edit,
                           void *arg)
{
    struct a407_at at;
    int is = A407_LOGIN_FAILED, folder = -1;
    if (a407_at_find(&at, path, A407_AT_MAKE))
        folder = lock(&at, path);
    else if (at.why)
        a407_error("%s: can't be trusted: %s %s", path, at.name, at.why);
    else
        a407_error("%s: can't be made: %s", path, strerror(errno));
    if (folder >= 0) {
        is = change(path, &at, folder, edit, arg);
        close(folder);
    }
    a407_at_close(&at);
    return is;
}
