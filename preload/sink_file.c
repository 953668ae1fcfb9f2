/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/file_at.h"
#include "paths.h"
#include "real.h"
#include "registry.h"
#include "sink.h"
#include "wait.h"

/* A file may be put aside between open() and write(), by us or by others; one
   that has just come is not soon full. */
#define TRIES 4

#define PIECES 64

#define HOW (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/*
 * Whoever rotates a log renames the file and then makes a new one. In a folder
 * where we may make none, that moment is waited for, some milliseconds; if it
 * was in vain, not again before there has been a file.
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
 * Without O_CREAT first: in a folder such as /tmp that would keep us from
 * another user's FIFO (sysctl fs.protected_fifos). A FIFO without a reader
 * can't be opened.
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
 * A full disk took a part of the line. If nobody has written behind it yet it
 * is taken back, or the next record would stand on the same line. So is the
 * offset: standard error shares it with the program, which would leave a gap.
 */
static void take_back(int fd, ssize_t n)
{
    struct stat st;
    off_t end = lseek(fd, 0, SEEK_CUR);
    if (end < n || fstat(fd, &st) != 0 || st.st_size != end ||
        ftruncate(fd, end - n) != 0)
        return; /* a part of a line is left: nothing more can be done */
    (void)lseek(fd, end - n, SEEK_SET);
}

/* With O_APPEND the lines of many processes do not mix. Into a pipe only
   PIPE_BUF bytes go at once, or not at all. */
static bool append(int fd, const struct stat *st, const struct a407_record *r,
                   struct a407_buf *line)
{
    if (S_ISFIFO(st->st_mode) && !a407_record_fit(r, PIPE_BUF, line))
        return false;
    ssize_t n = REAL(write)(fd, line->p, line->n);
    if (n > 0 && n < (ssize_t)line->n && S_ISREG(st->st_mode))
        take_back(fd, n);
    return n == (ssize_t)line->n;
}

static bool too_large(const struct stat *st, uint64_t max_size, size_t more)
{
    return max_size && S_ISREG(st->st_mode) && st->st_size > 0 &&
           (uint64_t)st->st_size + more > max_size;
}

/* A name that was put aside twice while we had the file open is none. */
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
        REAL(close)(fd);
        if (!again)
            break;
    }
    return ok;
}

/*
 * The same pipe or terminal once more, in a way that does not block: O_NONBLOCK
 * on 2 itself would be seen by everybody who has it. Not where we may not (a
 * pipe of another user), nor past a 2 that is only for reading.
 */
static int open_again(int fd)
{
    char path[32];
    int how = REAL(fcntl)(fd, F_GETFL);
    if (how < 0 || (how & O_ACCMODE) == O_RDONLY)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A terminal may take a line in pieces. */
static bool write_pieces(int fd, const struct a407_buf *line)
{
    size_t done = 0;
    for (int i = 0; i < PIECES && done < line->n; i++) {
        ssize_t n = REAL(write)(fd, line->p + done, line->n - done);
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
        /* A pipe that has room for PIPE_BUF bytes says so; what it then gets
           does not block unless another writer is quicker. */
        return (a407_ready(fd, POLLOUT) & POLLOUT) && write_pieces(fd, line);
    bool ok = write_pieces(again, line);
    REAL(close)(again);
    return ok;
}

/* What 2 was when the program started; device and number. */
static struct {
    bool known;
    dev_t dev;
    ino_t ino;
} at_start;

void a407_sink_start(void)
{
    const char *log = secure_getenv("AUTH407_LOG");
    struct stat st;
    int saved = errno;
    if (log && strcmp(log, "stderr") == 0 && fstat(STDERR_FILENO, &st) == 0) {
        at_start.dev = st.st_dev;
        at_start.ino = st.st_ino;
        at_start.known = true;
    }
    errno = saved;
}

/*
 * A program that has closed 2, or was started without, may have got a
 * connection or a file of its own there: only what it was at start is standard
 * error.
 */
bool a407_sink_stderr(const struct a407_record *r, struct a407_buf *line)
{
    struct stat st;
    if (!at_start.known || fstat(STDERR_FILENO, &st) != 0 ||
        st.st_dev != at_start.dev || st.st_ino != at_start.ino ||
        a407_slot(STDERR_FILENO))
        return false;
    if (S_ISREG(st.st_mode))
        return append(STDERR_FILENO, &st, r, line);
    bool bounded = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
    if (bounded && !a407_record_fit(r, PIPE_BUF, line))
        return false;
    if (S_ISSOCK(st.st_mode))
        return REAL(send)(STDERR_FILENO, line->p, line->n,
                          MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)line->n;
    return write_quickly(STDERR_FILENO, line);
}
