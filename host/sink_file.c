/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"
#include "file_at.h"
#include "sink.h"

/* A file may be rotated between open() and write(), by us or by logrotate; a
   fresh one is not full soon. */
#define TRIES 4

#define PIECES 64

#define HOW (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/*
 * logrotate renames the file and then creates a new one. Where we may not
 * create it ourselves, wait for it some milliseconds. After a wait in vain do
 * not wait again until the file has been seen.
 */
static atomic_bool in_vain;

static int open_soon(const char *path)
{
    int fd = -1;
    for (int i = 0; i < TRIES && fd < 0 && !atomic_load(&in_vain); i++) {
        poll(NULL, 0, 1);
        fd = a407_file_open(path, HOW);
    }
    atomic_store(&in_vain, fd < 0);
    return fd;
}

/*
 * Without O_CREAT first: in a sticky folder such as /tmp the kernel refuses
 * O_CREAT on another user's FIFO (sysctl fs.protected_fifos). A FIFO without a
 * reader can't be opened.
 */
static int open_log(const char *path)
{
    int fd = a407_file_open(path, HOW);
    if (fd >= 0)
        atomic_store(&in_vain, false);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = a407_file_open(path, HOW | O_CREAT);
    return fd < 0 && errno == EACCES ? open_soon(path) : fd;
}

/*
 * The disk is full and only a part of the line was written. Truncate it, unless
 * somebody has appended since, or the next record would continue that line.
 * Reset the offset, too: standard error shares it with the program, whose next
 * write would leave a hole.
 */
static void take_back(int fd, ssize_t n)
{
    struct stat st;
    off_t end = lseek(fd, 0, SEEK_CUR);
    if (end < n || fstat(fd, &st) != 0 || st.st_size != end ||
        ftruncate(fd, end - n) != 0)
        return;
    (void)lseek(fd, end - n, SEEK_SET);
}

/* With O_APPEND the lines of several processes do not mix; in a pipe only up to
   PIPE_BUF bytes are atomic. */
static bool append(int fd, const struct stat *st, const struct a407_record *r,
                   struct a407_buf *line)
{
    if (S_ISFIFO(st->st_mode) && !a407_record_fit(r, PIPE_BUF, line))
        return false;
    ssize_t n = write(fd, line->p, line->n);
    if (n > 0 && n < (ssize_t)line->n && S_ISREG(st->st_mode))
        take_back(fd, n);
    return n == (ssize_t)line->n;
}

static bool too_large(const struct stat *st, uint64_t max_size, size_t more)
{
    return max_size && S_ISREG(st->st_mode) && st->st_size > 0 &&
           (uint64_t)st->st_size + more > max_size;
}

/* Two rotations while we had the file open delete it. */
static bool is_gone(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

bool a407_sink_file(const char *path, uint64_t max_size,
                    const struct a407_record *r, struct a407_buf *line)
{
    bool ok = false;
    if (!a407_paths_valid())
        return false;
    for (int i = 0; i < TRIES; i++) {
        struct stat st;
        int fd = open_log(path);
        if (fd < 0)
            return false;
        bool again = false;
        if (fstat(fd, &st) != 0)
            st.st_mode = 0;
        else if (i + 1 < TRIES && too_large(&st, max_size, line->n))
            again = a407_sink_rotate(path, fd, &st);
        if (!again) {
            ok = append(fd, &st, r, line);
            again = ok && max_size && is_gone(fd);
        }
        close(fd);
        if (!again)
            break;
    }
    return ok;
}

/*
 * Opens the same pipe or terminal again without blocking: O_NONBLOCK on fd 2
 * itself would affect everybody who shares it. Fails for a pipe of another
 * user, and if fd 2 is read-only.
 */
static int open_again(int fd)
{
    char path[32];
    int how = fcntl(fd, F_GETFL);
    if (how < 0 || (how & O_ACCMODE) == O_RDONLY)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A terminal may accept a line in pieces. */
static bool write_pieces(int fd, const struct a407_buf *line)
{
    size_t done = 0;
    for (int i = 0; i < PIECES && done < line->n; i++) {
        ssize_t n = write(fd, line->p + done, line->n - done);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return done == line->n;
}

static bool write_quickly(int fd, const struct a407_buf *line)
{
    int again = open_again(fd);
    if (again < 0)
        /* POLLOUT means room for PIPE_BUF bytes: the write blocks only if
           another writer fills the pipe first. */
        return (a407_ready(fd, POLLOUT) & POLLOUT) && write_pieces(fd, line);
    bool ok = write_pieces(again, line);
    close(again);
    return ok;
}

/* The file that fd 2 was at start. */
static struct {
    bool known;
    bool (*taken)(int fd);
    dev_t dev;
    ino_t ino;
} at_start;

void a407_sink_start(bool (*taken)(int fd))
{
    const char *log = secure_getenv("AUTH407_LOG");
    struct stat st;
    int saved = errno;
    if (log && strcmp(log, "stderr") == 0 && fstat(STDERR_FILENO, &st) == 0) {
        at_start.dev = st.st_dev;
        at_start.ino = st.st_ino;
        at_start.taken = taken;
        at_start.known = true;
    }
    errno = saved;
}

/* A program that has closed fd 2, or was started without it, may have a file or
   connection of its own there. */
bool a407_sink_stderr(const struct a407_record *r, struct a407_buf *line)
{
    struct stat st;
    if (!at_start.known || fstat(STDERR_FILENO, &st) != 0 ||
        st.st_dev != at_start.dev || st.st_ino != at_start.ino ||
        (at_start.taken && at_start.taken(STDERR_FILENO)))
        return false;
    if (S_ISREG(st.st_mode))
        return append(STDERR_FILENO, &st, r, line);
    bool bounded = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
    if (bounded && !a407_record_fit(r, PIPE_BUF, line))
        return false;
    if (S_ISSOCK(st.st_mode))
        return send(STDERR_FILENO, line->p, line->n,
                    MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)line->n;
    return write_quickly(STDERR_FILENO, line);
}
