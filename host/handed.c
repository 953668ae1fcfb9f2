/* SPDX-License-Identifier: MIT */
#include "handed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "file_at.h"
#include "secret.h"

/* Above the numbers that programs choose (bash takes 255 and 63 downward), and
   below those that select() can't have; a lower limit of the process has its
   own say. */
static const int numbers[] = {500, 200, 20};

/* Two secrets of a header's size, twice over. */
#define TEXT_MAX ((size_t)512 * 1024)

static const char *text; /* mapped */
static size_t text_n;
static int number;

static int fcntl_of(int fd, int command, int arg)
{
    return (int)syscall(
#ifdef SYS_fcntl64
        SYS_fcntl64,
#else
        SYS_fcntl,
#endif
        fd, command, arg);
}

static bool is_good(int fd, struct stat *st)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int has = fcntl_of(fd, F_GET_SEALS, 0);
    return has >= 0 && (has & seals) == seals && a407_fd_stat(fd, st) == 0 &&
           (st->st_uid == 0 || st->st_uid == a407_uid() ||
            st->st_uid == a407_euid()) &&
           st->st_size > 0 && (size_t)st->st_size <= TEXT_MAX;
}

static bool take(int fd)
{
    struct stat st;
    if (!is_good(fd, &st))
        return false;
    const char *p = a407_secret_pages(fd, (size_t)st.st_size);
    if (!p || p[st.st_size - 1])
        return false;
    text = p;
    text_n = (size_t)st.st_size;
    number = fd;
    return true;
}

void a407_handed_take(void)
{
    const char *name = secure_getenv(A407_HANDED);
    uint64_t fd;
    int saved = errno;
    if (name && a407_span_number(a407_span_str(name), INT_MAX, &fd))
        take((int)fd);
    errno = saved;
}

const char *a407_handed(const char *name)
{
    size_t n = strlen(name);
    for (const char *p = text; p && p < text + text_n; p += strlen(p) + 1)
        if (strncmp(p, name, n) == 0 && p[n] == '=')
            return p + n + 1;
    return NULL;
}

bool a407_handed_some(void)
{
    return text;
}

/* Another number for fd, which is closed. */
static int move(int fd)
{
    int to = -1;
    for (size_t i = 0; to < 0 && i < sizeof numbers / sizeof *numbers; i++)
        to = fcntl_of(fd, F_DUPFD, numbers[i]);
    close(fd);
    return to;
}

int a407_handed_give(const struct a407_buf *more)
{
    struct a407_buf all;
    a407_buf_init(&all, TEXT_MAX);
    a407_buf_add(&all, more->p, more->n);
    int fd =
        a407_buf_add(&all, text, text_n) ? a407_fd_sealed(all.p, all.n) : -1;
    a407_buf_free(&all);
    if (fd < 0)
        return -1;
    if (text)
        close(number);
    fd = move(fd);
    return fd >= 0 && take(fd) ? fd : -1;
}

static void bring_back(void)
{
    int fd = a407_fd_sealed(text, text_n);
    if (fd == number) {
        fcntl_of(fd, F_SETFD, 0);
    } else if (fd >= 0) {
        syscall(SYS_dup3, fd, number, 0);
        syscall(SYS_close, fd);
    }
}

void a407_handed_pass(bool wanted)
{
    struct stat st;
    int saved = errno, flags = fcntl_of(number, F_GETFD, 0);
    if (flags < 0 && wanted)
        bring_back();
    else if (flags >= 0 && !(flags & FD_CLOEXEC) == !wanted &&
             is_good(number, &st)) /* else that number is the program's */
        fcntl_of(number, F_SETFD, wanted ? 0 : FD_CLOEXEC);
    errno = saved;
}
