/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

#define SIZE (2 * A407_ACCESS_LINE_MAX)

bool a407_access_open(struct a407_access_reader *r, const char *path)
{
    memset(r, 0, sizeof *r);
    if (strcmp(path, "-") == 0)
        r->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    else
        r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (r->fd < 0)
        return false;
    r->buf = malloc(SIZE);
    if (r->buf)
        return true;
    close(r->fd);
    r->fd = -1;
    errno = ENOMEM;
    return false;
}

void a407_access_close(struct a407_access_reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    free(r->buf);
    r->buf = NULL;
    r->fd = -1;
}

/* Moves what is left to the front and reads behind it. */
static void fill(struct a407_access_reader *r)
{
    ssize_t got;

    memmove(r->buf, r->buf + r->from, r->to - r->from);
    r->to -= r->from;
    r->from = 0;
    do
        got = read(r->fd, r->buf + r->to, SIZE - r->to);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        r->to += (size_t)got;
        return;
    }
    r->ended = true;
    r->error = got < 0 ? errno : 0;
}

/* Gives up a line of which a whole buffer is there and no end. */
static void skip(struct a407_access_reader *r)
{
    r->too_long += !r->skipping;
    r->skipping = true;
    r->from = r->to = 0;
}

bool a407_access_next(struct a407_access_reader *r, char **p, size_t *n)
{
    for (;;) {
        char *start = r->buf + r->from, *end;
        size_t have = r->to - r->from;

        end = have ? memchr(start, '\n', have) : NULL;
        if (!end && !r->ended && have <= A407_ACCESS_LINE_MAX) {
            fill(r);
            continue;
        }
        if (!end && (have > A407_ACCESS_LINE_MAX || r->skipping)) {
            skip(r);
            if (!r->ended)
                continue;
        }
        if (r->to == r->from)
            return false;
        *p = start;
        *n = end ? (size_t)(end - start) : have;
        r->from += *n + (end ? 1 : 0);
        if (r->skipping) { /* the end of the line that was given up */
            r->skipping = false;
            continue;
        }
        if (*n > A407_ACCESS_LINE_MAX) {
            r->too_long++;
            continue;
        }
        if (*n && start[*n - 1] == '\r')
            (*n)--;
        return true;
    }
}
