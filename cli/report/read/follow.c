/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "cli/msg.h"
#include "host/clock.h"

#define PAUSE_MS 200
#define HEAD     64 /* a line's time, to the microsecond, is within it */

struct tail {
    const char *path;
    int fd;      /* -1: not there */
    bool stream; /* standard input, a pipe, a FIFO */
    bool ends;   /* a stream but for a FIFO, whose next writer may come */
    bool ended;
    int64_t left_ms; /* 0, or: since when another file has its name */
    bool warned;
    char head[HEAD]; /* how a file began when it was read */
    size_t n_head;
    struct a407_splitter splitter;
};

static volatile sig_atomic_t stopped;

static void on_signal(int n)
{
    (void)n;
    stopped = 1;
}

/* A pipe without a name, such as the shell's <(command), ends for good. */
static void open_tail(struct tail *t, bool from_start)
{
    bool input = strcmp(t->path, "-") == 0;
    struct statfs fs;
    struct stat st;

    /* O_NONBLOCK: the writer of a FIFO may be yet to come */
    t->fd =
        input ? STDIN_FILENO : open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (t->fd < 0) {
        if (!t->warned)
            a407_warning("%s: %s; waiting for it", t->path, strerror(errno));
        t->warned = true;
        return;
    }
    t->stream = input || (fstat(t->fd, &st) == 0 && !S_ISREG(st.st_mode));
    t->ends = input || (fstatfs(t->fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC);
    if (!t->stream && !from_start)
        (void)lseek(t->fd, 0, SEEK_END);
}

/* All that is there now. False: no more is wanted, or it can't be read. */
static bool drain(struct tail *t, bool *some)
{
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    enum a407_read got;

    do {
        if (t->stream && poll(&p, 1, 0) <= 0)
            return true;
        got = a407_splitter_read(&t->splitter, t->fd);
        *some = *some || got == A407_READ_MORE;
    } while (got == A407_READ_MORE && !stopped);
    if (got == A407_READ_FAILED && errno == EAGAIN)
        return true; /* another reader was faster */
    if (got == A407_READ_FAILED)
        a407_error("can't read %s: %s", t->path, strerror(errno));
    if (got == A407_READ_END && t->ends)
        t->ended = true;
    return got == A407_READ_MORE || got == A407_READ_END;
}

/* Reads a file from its beginning if it got shorter than what was read of it,
   or begins in another way: what was copied and truncated may be longer
   already. */
static void check_begin(struct tail *t)
{
    off_t at = lseek(t->fd, 0, SEEK_CUR);
    char now[HEAD];
    ssize_t got = pread(t->fd, now, sizeof now, 0);
    size_t n = got > 0 ? (size_t)got : 0;
    struct stat st;

    if ((fstat(t->fd, &st) == 0 && st.st_size < at) || n < t->n_head ||
        memcmp(now, t->head, t->n_head) != 0) {
        at = lseek(t->fd, 0, SEEK_SET);
        t->splitter.n = 0;
        t->splitter.skipping = false;
    }
    t->n_head = at < (off_t)n ? (size_t)at : n;
    memcpy(t->head, now, t->n_head);
}

/* A program that opened the file before it was renamed may still write its
   line: the old one gets another look after a while before it is left. */
static bool check_name(struct tail *t)
{
    int64_t now = a407_now_ms();
    struct stat named, open_one;
    bool same = stat(t->path, &named) == 0 && fstat(t->fd, &open_one) == 0 &&
                named.st_ino == open_one.st_ino &&
                named.st_dev == open_one.st_dev;
    bool more;

    if (same)
        t->left_ms = 0;
    else if (!t->left_ms)
        t->left_ms = now;
    if (same || now - t->left_ms < PAUSE_MS)
        return true;
    more = a407_splitter_flush(&t->splitter);
    close(t->fd);
    t->left_ms = 0;
    t->n_head = 0;
    t->warned = true; /* it may be gone for a while */
    open_tail(t, true);
    return more;
}

static bool look(struct tail *t, bool *some)
{
    if (t->ended)
        return true;
    if (t->fd < 0) {
        open_tail(t, true);
        if (t->fd < 0)
            return true;
    }
    if (!t->stream)
        check_begin(t);
    if (!drain(t, some))
        return false;
    if (t->ended)
        return a407_splitter_flush(&t->splitter);
    if (t->stream)
        return true;
    check_begin(t);
    return check_name(t);
}

bool a407_report_follow(struct a407_report_run *r, const char *const *files,
                        size_t n, bool from_start)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    const struct sigaction act = {.sa_handler = on_signal};
    struct tail *tails = calloc(n, sizeof *tails), *t, *end = tails + n;
    bool good = tails != NULL, open = true;

    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    for (t = tails; good && t < end; t++) {
        t->path = *files++;
        good = a407_splitter_init(&t->splitter, a407_report_line, r);
        open_tail(t, from_start);
    }
    if (!good)
        a407_error("out of memory");
    while (good && open && !stopped) {
        bool some = false;

        open = false;
        for (t = tails; good && t < end; t++) {
            good = look(t, &some);
            open |= !t->ended;
        }
        if (fflush(stdout) != 0 || ferror(stdout))
            break; /* nobody reads on; the caller says so */
        if (!some && good && open && !stopped)
            nanosleep(&pause, NULL);
    }
    for (t = tails; tails && t < end; t++) {
        a407_splitter_free(&t->splitter);
        if (t->fd > STDIN_FILENO)
            close(t->fd);
    }
    free(tails);
    return good;
}
