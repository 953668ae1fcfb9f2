/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

#include "hooks.h"
#include "other_libc.h"

/* Ways past the hooks, closed: a private scope, splice, and stdio. */

/*
 * A library opened with RTLD_DEEPBIND (PHP and others do) binds to libc before
 * us. dlopen() finds its caller's RUNPATH by the return address: so this must
 * be a jump, not a call, whatever the level of optimisation.
 */
#ifdef __clang__
#define MUST_JUMP
#define JUMP __attribute__((musttail))
#else
#define MUST_JUMP                                                              \
    __attribute__((optimize("O2", "optimize-sibling-calls"),                   \
                   no_stack_protector))
#define JUMP
#endif

MUST_JUMP A407_EXPORT void *dlopen(const char *file, int mode)
{
    JUMP return REAL(dlopen)(file, mode & ~RTLD_DEEPBIND);
}

/* ---- bytes that only the kernel sees ---- */

/* A body must be seen to be repeated: tee() shows what is in a pipe, and what
   the socket took is then read from it. False: make the call as it is. */
static bool splice_to_proxy(int in, int out, size_t n, unsigned flags,
                            const void *caller, ssize_t *result)
{
    char part[2048]; /* stacks are small; splice() may always do less */
    int look[2];
    if (pipe2(look, O_CLOEXEC) != 0)
        return false;
    size_t want = n < sizeof part ? n : sizeof part;
    ssize_t seen = tee(in, look[1], want, flags & SPLICE_F_NONBLOCK);
    int error = errno;
    bool done = seen >= 0 || error != EINVAL; /* EINVAL: not a pipe */
    *result = seen;
    if (seen > 0 && REAL(read)(look[0], part, (size_t)seen) == seen) {
        int how = flags & SPLICE_F_NONBLOCK ? MSG_DONTWAIT : 0;
        done = a407_write_one(out, part, (size_t)seen, how, caller, result);
        error = errno;
        if (done && *result > 0 &&
            REAL(read)(in, part, (size_t)*result) != *result)
            error = EIO; /* another reader on the same pipe */
    }
    REAL(close)(look[0]);
    REAL(close)(look[1]);
    errno = error;
    return done;
}

/* From a socket to a pipe no byte is seen: a 407 that waits is dealt with, then
   the connection is let go. */
A407_EXPORT ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at,
                           size_t n, unsigned flags)
{
    struct a407_reading r = {0};
    ssize_t k;
    size_t most = n;
    if (a407_reads(out) && !a407_guard.depth &&
        splice_to_proxy(in, out, n, flags, A407_CALLER, &k))
        return k;
    if (a407_reads(in)) {
        int how = flags & SPLICE_F_NONBLOCK ? MSG_DONTWAIT : 0;
        enum a407_read is = a407_read_begin(in, n, how, A407_CALLER, &r);
        if (is == A407_READ_RETURN)
            return r.result;
        if (is == A407_READ_DELIVER && r.cap < n)
            most = r.cap;
    }
    k = REAL(splice)(in, in_at, out, out_at, most, flags);
    a407_read_end(&r, in, MSG_TRUNC, NULL, 0, k);
    return k;
}

/* ---- stdio over a tracked socket ---- */

static int fd_of(void *cookie)
{
    return (int)(intptr_t)cookie;
}

static ssize_t stream_read(void *cookie, char *buf, size_t n)
{
    return read(fd_of(cookie), buf, n);
}

static ssize_t stream_write(void *cookie, const char *buf, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t k = write(fd_of(cookie), buf + done, n - done);
        if (k < 0)
            break; /* short: stdio sets the error flag */
        done += (size_t)k;
    }
    return (ssize_t)done;
}

static int stream_close(void *cookie)
{
    return close(fd_of(cookie));
}

/* libc's own stream calls libc's own read(): this one comes through us. */
static FILE *open_stream(int fd, const char *mode)
{
    static const cookie_io_functions_t io = {
        .read = stream_read, .write = stream_write, .close = stream_close};
    FILE *f = fopencookie((void *)(intptr_t)fd, mode, io);
    if (f)
        f->_fileno = fd; /* for fileno(): fopencookie itself sets none */
    return f;
}

A407_EXPORT FILE *fdopen(int fd, const char *mode)
{
    if (!a407_reads(fd) || a407_guard.depth || !a407_is_glibc())
        return REAL(fdopen)(fd, mode);
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_get(fd);
    if (c) {
        __atomic_store_n(&c->opener, A407_CALLER, __ATOMIC_RELAXED);
        a407_conn_put(c);
    }
    a407_leave(saved);
    FILE *f = open_stream(fd, mode);
    return f ? f : REAL(fdopen)(fd, mode);
}
