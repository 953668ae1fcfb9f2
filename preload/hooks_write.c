/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "hooks.h"

/* The slow parts are not inlined, so that a hook needs no stack and ends in a
   jump; `slow` has as many arguments as there are registers. */
enum writer { BY_WRITE, BY_SEND, BY_SENDTO };

struct write1 {
    enum writer by;
    int flags;
    const void *buf;
    size_t n;
    const struct sockaddr *to;
    socklen_t to_n;
};

static __attribute__((noinline)) ssize_t slow1(int fd, struct write1 a,
                                               const void *caller)
{
    ssize_t k;
    if (a407_writes(fd) && a407_write_one(fd, a.buf, a.n, a.flags, caller, &k))
        return k;
    switch (a.by) {
    case BY_WRITE:
        return REAL(write)(fd, a.buf, a.n);
    case BY_SEND:
        return REAL(send)(fd, a.buf, a.n, a.flags);
    default:
        return REAL(sendto)(fd, a.buf, a.n, a.flags, a.to, a.to_n);
    }
}

static __attribute__((noinline)) ssize_t slow(int fd, const void *buf, size_t n,
                                              int flags, enum writer by,
                                              const void *caller)
{
    return slow1(fd, (struct write1){by, flags, buf, n, NULL, 0}, caller);
}

A407_EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
    __typeof__(write) *known = a407_writes(fd) ? NULL : REAL_KNOWN(write);
    return __builtin_expect(known != NULL, 1)
               ? known(fd, buf, n)
               : slow(fd, buf, n, 0, BY_WRITE, A407_CALLER);
}
A407_ALSO(__write, write);

A407_EXPORT ssize_t send(int fd, const void *buf, size_t n, int flags)
{
    __typeof__(send) *known = a407_writes(fd) ? NULL : REAL_KNOWN(send);
    return __builtin_expect(known != NULL, 1)
               ? known(fd, buf, n, flags)
               : slow(fd, buf, n, flags, BY_SEND, A407_CALLER);
}
A407_ALSO(__send, send);

/* Connects and sends in one call; the engine is told what the kernel took. */
static __attribute__((noinline)) ssize_t
fast_open(int fd, const struct msghdr *m, int flags, const void *caller)
{
    a407_before_connect(fd, m->msg_name, m->msg_namelen);
    ssize_t k = REAL(sendmsg)(fd, m, flags);
    a407_after_connect(fd, m->msg_name, k >= 0 ? 0 : -1);
    if (k > 0)
        a407_was_written(fd, m, caller, (size_t)k, 0);
    return k;
}

A407_EXPORT ssize_t sendto(int fd, const void *buf, size_t n, int flags,
                           const struct sockaddr *to, socklen_t to_n)
{
    if (__builtin_expect(flags & MSG_FASTOPEN && to, 0)) {
        struct iovec v = {.iov_base = (void *)(uintptr_t)buf, .iov_len = n};
        struct msghdr m = {.msg_name = (void *)(uintptr_t)to,
                           .msg_namelen = to_n,
                           .msg_iov = &v,
                           .msg_iovlen = 1};
        return fast_open(fd, &m, flags, A407_CALLER);
    }
    if (!a407_writes(fd))
        return REAL(sendto)(fd, buf, n, flags, to, to_n);
    return slow1(fd, (struct write1){BY_SENDTO, flags, buf, n, to, to_n},
                 A407_CALLER);
}

static __attribute__((noinline)) ssize_t
slow_msg(int fd, const struct msghdr *m, int flags, const void *caller)
{
    ssize_t k;
    if (a407_write_all(fd, m, flags, caller, &k))
        return k;
    return REAL(sendmsg)(fd, m, flags);
}

A407_EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    if (__builtin_expect(flags & MSG_FASTOPEN && m && m->msg_name, 0))
        return fast_open(fd, m, flags, A407_CALLER);
    if (__builtin_expect(a407_slot_top() >= 0 && m && m->msg_controllen, 0))
        a407_rights_leave(m, A407_CALLER);
    if (!a407_writes(fd))
        return REAL(sendmsg)(fd, m, flags);
    return slow_msg(fd, m, flags, A407_CALLER);
}

static __attribute__((noinline)) ssize_t
slow_writev(int fd, const struct iovec *iov, int n, const void *caller)
{
    ssize_t k;
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                       .msg_iovlen = n > 0 ? (size_t)n : 0};
    if (a407_write_all(fd, &m, 0, caller, &k))
        return k;
    return REAL(writev)(fd, iov, n);
}

A407_EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
    if (!a407_writes(fd))
        return REAL(writev)(fd, iov, n);
    return slow_writev(fd, iov, n, A407_CALLER);
}

/* One message after the other, as long as the connection is followed: an empty
   one goes natively, and those behind it must not. */
A407_EXPORT int sendmmsg(int fd, struct mmsghdr *mm, unsigned n, int flags)
{
    unsigned i;
    for (i = 0; i < n && mm && a407_writes(fd); i++) {
        ssize_t k = slow_msg(fd, &mm[i].msg_hdr, flags, A407_CALLER);
        if (k < 0)
            return i ? (int)i : -1;
        mm[i].msg_len = (unsigned)k;
        const struct msghdr *m = &mm[i].msg_hdr;
        if ((size_t)k < a407_iov_length(m->msg_iov, m->msg_iovlen))
            return (int)i + 1;
    }
    if (i == n && n)
        return (int)i;
    int more = REAL(sendmmsg)(fd, mm + i, n - i, flags);
    return more >= 0 ? (int)i + more : i ? (int)i : -1;
}

/* A body must be seen to be repeated: the file is read and written piece by
   piece. What can't be read at an offset (a pipe) goes natively. */
#define PART 65536u /* bytes read at a time; on the heap: stacks are small */

static bool send_file(int out, int in, off_t *offset, size_t n,
                      const void *caller, ssize_t *result)
{
    char *part = malloc(PART);
    off_t at = offset ? *offset : lseek(in, 0, SEEK_CUR);
    size_t done = 0;
    ssize_t k = at < 0 ? -1 : 0;
    if (!part)
        return false;
    while (at >= 0 && done < n) {
        size_t want = n - done < PART ? n - done : PART;
        ssize_t got = pread(in, part, want, at);
        if (got <= 0) {
            k = got;
            break;
        }
        if (!a407_write_one(out, part, (size_t)got, 0, caller, &k)) {
            at = done ? at : -1;
            k = done ? 0 : -1;
            break;
        }
        if (k <= 0)
            break;
        done += (size_t)k;
        at += k;
        if (k < got)
            break;
        k = 0;
    }
    free(part);
    if (!done && k < 0 && at < 0)
        return false;
    if (offset)
        *offset = at;
    else
        lseek(in, at, SEEK_SET);
    *result = done ? (ssize_t)done : k;
    return true;
}

A407_EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
    ssize_t k;
    if (!a407_reads(out) || !send_file(out, in, offset, n, A407_CALLER, &k))
        return REAL(sendfile)(out, in, offset, n);
    return k;
}
A407_ALSO(sendfile64, sendfile);
