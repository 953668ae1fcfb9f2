/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file_at.h"
#include "msg.h"

/* A header's maximum in core (a Bearer token may be long), and its NUL. */
#define SECRET_MAX (64 * 1024 + 1)

/* As read(2), but a descriptor that others made non-blocking is waited for. */
static ssize_t read_byte(int fd, char *c)
{
    for (;;) {
        ssize_t n = read(fd, c, 1);
        struct pollfd p = {.fd = fd, .events = POLLIN};

        if (n >= 0)
            return n;
        if (errno == EAGAIN) {
            if (poll(&p, 1, -1) < 0 && errno != EINTR)
                return -1;
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

static bool read_line(const char *option, int fd, struct a407_buf *out)
{
    ssize_t n;
    char c;

    a407_buf_init(out, SECRET_MAX);
    while ((n = read_byte(fd, &c)) > 0 && c != '\n') {
        if (c == '\0') {
            a407_error("--%s: a NUL byte can't be in a secret", option);
            return false;
        }
        if (!a407_buf_add(out, &c, 1))
            break;
    }
    if (n < 0) {
        a407_error("--%s: can't read: %s", option, strerror(errno));
        return false;
    }
    if (!out->failed && out->n && out->p[out->n - 1] == '\r')
        out->n--; /* a file that was written on Windows */
    if (!out->failed && out->n == 0) {
        a407_error("--%s: the first line is empty", option);
        return false;
    }
    if (!a407_buf_add(out, "", 1)) {
        a407_error("--%s: the first line is longer than %d bytes", option,
                   SECRET_MAX - 1);
        return false;
    }
    return true;
}

bool a407_secret_from_file(const char *option, const char *path,
                           struct a407_buf *out)
{
    struct a407_at at;
    struct stat st;
    bool good;
    int fd = a407_at_find(&at, path, 0) ? a407_at_open(&at, O_RDONLY) : -1;

    a407_buf_init(out, SECRET_MAX);
    if (fd < 0 && at.why)
        a407_error("--%s: can't trust %s: %s %s", option, path, at.name,
                   at.why);
    else if (fd < 0)
        a407_error("--%s: can't open %s: %s", option, path, strerror(errno));
    a407_at_close(&at);
    if (fd < 0)
        return false;
    /* a pipe or a device has no lasting content that others could read */
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 077)
        a407_warning("--%s: other users may read %s (mode %04o); `chmod 600` "
                     "keeps it yours",
                     option, path, (unsigned)st.st_mode & 07777);
    good = read_line(option, fd, out);
    close(fd);
    if (!good)
        a407_buf_free(out);
    return good;
}

bool a407_secret_from_fd(const char *option, const char *number,
                         struct a407_buf *out)
{
    char *end;
    long fd;
    bool good;

    a407_buf_init(out, SECRET_MAX);
    errno = 0;
    fd = strtol(number, &end, 10);
    /* the value is not shown: it may be a password given by mistake */
    if (errno || end == number || *end || fd < 0 || fd > INT_MAX) {
        a407_error("--%s needs the number of an open file descriptor", option);
        return false;
    }
    good = read_line(option, (int)fd, out);
    if (fd > STDERR_FILENO)
        close((int)fd);
    if (!good)
        a407_buf_free(out);
    return good;
}
