/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/msg.h"

/* Stays in the processor's cache, and is many lines. */
#define PIECE ((size_t)128 << 10)

bool a407_splitter_init(struct a407_splitter *s, a407_line_fn *line, void *ctx)
{
    memset(s, 0, sizeof *s);
    s->p = malloc(A407_LINE_MAX);
    s->line = line;
    s->ctx = ctx;
    return s->p != NULL;
}

void a407_splitter_free(struct a407_splitter *s)
{
    free(s->p);
    s->p = NULL;
}

static bool hand_on(struct a407_splitter *s, char *line, size_t n)
{
    if (n && line[n - 1] == '\r')
        n--;
    return n == 0 || s->line(s->ctx, line, n);
}

/* The lines in the first s->n bytes; `from` of them hold no line end. */
static bool split(struct a407_splitter *s, size_t from)
{
    char *line = s->p, *end = s->p + s->n, *at = s->p + from;
    bool more = true;

    while (more && (at = memchr(at, '\n', (size_t)(end - at)))) {
        if (!s->skipping)
            more = hand_on(s, line, (size_t)(at - line));
        s->skipping = false;
        line = ++at;
    }
    s->n = (size_t)(end - line);
    if (s->skipping)
        s->n = 0;
    memmove(s->p, line, s->n);
    if (more && s->n == A407_LINE_MAX) {
        more = hand_on(s, s->p, s->n);
        s->skipping = true;
        s->n = 0;
    }
    return more;
}

enum a407_read a407_splitter_read(struct a407_splitter *s, int fd)
{
    size_t from = s->n, room = A407_LINE_MAX - s->n;
    ssize_t got;

    do
        got = read(fd, s->p + from, room < PIECE ? room : PIECE);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return A407_READ_FAILED;
    if (got == 0)
        return A407_READ_END;
    if (s->bytes == 0)
        s->packed = got > 1 && memcmp(s->p, "\x1f\x8b", 2) == 0; /* RFC 1952 */
    s->n += (size_t)got;
    s->bytes += (size_t)got;
    return split(s, from) ? A407_READ_MORE : A407_READ_STOP;
}

bool a407_splitter_flush(struct a407_splitter *s)
{
    size_t n = s->skipping ? 0 : s->n;

    s->n = 0;
    s->skipping = false;
    return hand_on(s, s->p, n);
}

bool a407_read_lines(struct a407_splitter *s, const char *what,
                     const char *path, a407_line_fn *line, void *ctx)
{
    bool good = a407_splitter_init(s, line, ctx);
    enum a407_read got = A407_READ_FAILED;
    int fd = strcmp(path, "-") == 0
                 ? STDIN_FILENO
                 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (!good)
        a407_error("out of memory");
    while (good && fd >= 0 &&
           (got = a407_splitter_read(s, fd)) == A407_READ_MORE)
        ;
    if (good && got == A407_READ_FAILED)
        a407_error("can't read %s%s: %s", what, path, strerror(errno));
    good = good && got == A407_READ_END && a407_splitter_flush(s);
    if (fd > STDIN_FILENO)
        close(fd);
    a407_splitter_free(s);
    return good;
}
