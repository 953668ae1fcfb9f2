/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "file.h"

int a407_access_file(void)
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    int fd, n;

    if (!folder || !*folder)
        folder = "/tmp";
    fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    /* a file system without unnamed files */
    n = snprintf(path, sizeof path, "%s/auth407.XXXXXX", folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

bool a407_access_read_at(int fd, void *to, size_t n, uint64_t offset)
{
    char *p = to;

    while (n > 0) {
        ssize_t got = pread(fd, p, n, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got < 0 ? errno : EIO;
            return false;
        }
        p += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}

bool a407_access_write_at(int fd, const void *from, size_t n, uint64_t offset)
{
    const char *p = from;

    while (n > 0) {
        ssize_t put = pwrite(fd, p, n, (off_t)offset);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        p += put;
        n -= (size_t)put;
        offset += (uint64_t)put;
    }
    return true;
}

bool a407_access_texts_open(struct a407_access_texts *t)
{
    memset(t, 0, sizeof *t);
    t->fd = a407_access_file();
    t->error = t->fd < 0 ? errno : 0;
    a407_buf_init(&t->pending, A407_ACCESS_PENDING + A407_ACCESS_TEXT_MAX + 4);
    return t->fd >= 0;
}

void a407_access_texts_close(struct a407_access_texts *t)
{
    a407_buf_free(&t->pending);
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static void flush(struct a407_access_texts *t)
{
    if (t->error == 0 &&
        !a407_access_write_at(t->fd, t->pending.p, t->pending.n, t->size))
        t->error = errno;
    t->size += t->pending.n;
    a407_buf_clear(&t->pending);
}

uint64_t a407_access_texts_add(struct a407_access_texts *t,
                               struct a407_span text)
{
    uint64_t ref = t->size + t->pending.n;
    uint32_t n = (uint32_t)text.n;

    if (t->error || text.n > A407_ACCESS_TEXT_MAX)
        return ref;
    a407_buf_add(&t->pending, &n, sizeof n);
    a407_buf_span(&t->pending, text);
    if (t->pending.failed)
        t->error = ENOMEM;
    if (t->pending.n >= A407_ACCESS_PENDING)
        flush(t);
    return ref;
}

bool a407_access_texts_read(struct a407_access_texts *t, uint64_t ref,
                            struct a407_buf *out)
{
    uint32_t n = 0;

    if (t->pending.n)
        flush(t);
    a407_buf_clear(out);
    if (t->error)
        return false;
    if (!a407_access_read_at(t->fd, &n, sizeof n, ref))
        t->error = errno;
    else if (!a407_buf_reserve(out, n))
        t->error = ENOMEM;
    else if (!a407_access_read_at(t->fd, out->p, n, ref + sizeof n))
        t->error = errno;
    out->n = t->error ? 0 : n;
    return t->error == 0;
}

void a407_access_put_number(struct a407_buf *out, int64_t n)
{
    a407_buf_add(out, &n, sizeof n);
}

/* An absent span is told from an empty one. */
void a407_access_put_span(struct a407_buf *out, struct a407_span s)
{
    a407_access_put_number(out, s.p ? (int64_t)s.n : -1);
    a407_buf_span(out, s);
}

int64_t a407_access_take_number(struct a407_span *in)
{
    int64_t n = 0;

    if (in->n < sizeof n)
        return 0;
    memcpy(&n, in->p, sizeof n);
    in->p += sizeof n;
    in->n -= sizeof n;
    return n;
}

struct a407_span a407_access_take_span(struct a407_span *in)
{
    int64_t n = in->n < sizeof n ? -1 : a407_access_take_number(in);
    struct a407_span s = {in->p, (size_t)n};

    if (n < 0 || (uint64_t)n > in->n)
        return a407_span(NULL, 0);
    in->p += n;
    in->n -= (size_t)n;
    return s;
}
