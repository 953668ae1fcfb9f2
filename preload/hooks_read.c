/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "hooks.h"

/* ---- one buffer ---- */

enum reader { BY_READ, BY_RECV, BY_RECVFROM, BY_READV, BY_RECVMSG };

struct read1 {
    enum reader by;
    int fd;
    void *buf;
    size_t n;
    int flags;
    struct sockaddr *from;
    socklen_t *from_n;
};

static ssize_t call1(const struct read1 *a, size_t n)
{
    switch (a->by) {
    case BY_READ:
        return REAL(read)(a->fd, a->buf, n);
    case BY_RECV:
        return REAL(recv)(a->fd, a->buf, n, a->flags);
    default:
        return REAL(recvfrom)(a->fd, a->buf, n, a->flags, a->from, a->from_n);
    }
}

static __attribute__((noinline)) ssize_t slow1(struct read1 a,
                                               const void *caller)
{
    struct a407_reading r;
    switch (a.n && a407_reads(a.fd)
                ? a407_read_begin(a.fd, a.n, a.flags, caller, &r)
                : A407_READ_PASS) {
    case A407_READ_RETURN:
        return r.result;
    case A407_READ_PASS:
        return call1(&a, a.n);
    default: {
        struct iovec v = {a.buf, a.n < r.cap ? a.n : r.cap};
        ssize_t k = call1(&a, v.iov_len);
        a407_read_end(&r, a.fd, a.flags, &v, 1, k);
        return k;
    }
    }
}

/* As many arguments as there are registers: the way here is a jump, too. */
static __attribute__((noinline)) ssize_t
slow(int fd, void *buf, size_t n, int flags, enum reader by, const void *caller)
{
    return slow1((struct read1){by, fd, buf, n, flags, NULL, NULL}, caller);
}

A407_EXPORT ssize_t read(int fd, void *buf, size_t n)
{
    __typeof__(read) *known = a407_reads(fd) ? NULL : REAL_KNOWN(read);
    return __builtin_expect(known != NULL, 1)
               ? known(fd, buf, n)
               : slow(fd, buf, n, 0, BY_READ, A407_CALLER);
}
A407_ALSO(__read, read);

/* The fortified calls: libc's own version ends the program when n > size. */
A407_EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
    if (n > size || !a407_reads(fd))
        return REAL(__read_chk)(fd, buf, n, size);
    return slow(fd, buf, n, 0, BY_READ, A407_CALLER);
}

A407_EXPORT ssize_t recv(int fd, void *buf, size_t n, int flags)
{
    __typeof__(recv) *known = a407_reads(fd) ? NULL : REAL_KNOWN(recv);
    return __builtin_expect(known != NULL, 1)
               ? known(fd, buf, n, flags)
               : slow(fd, buf, n, flags, BY_RECV, A407_CALLER);
}

A407_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size,
                               int flags)
{
    if (n > size || !a407_reads(fd))
        return REAL(__recv_chk)(fd, buf, n, size, flags);
    return slow(fd, buf, n, flags, BY_RECV, A407_CALLER);
}

A407_EXPORT ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags,
                             struct sockaddr *restrict from,
                             socklen_t *restrict from_n)
{
    if (!a407_reads(fd))
        return REAL(recvfrom)(fd, buf, n, flags, from, from_n);
    return slow1((struct read1){BY_RECVFROM, fd, buf, n, flags, from, from_n},
                 A407_CALLER);
}

A407_EXPORT ssize_t __recvfrom_chk(int fd, void *restrict buf, size_t n,
                                   size_t size, int flags,
                                   struct sockaddr *restrict from,
                                   socklen_t *restrict from_n)
{
    if (n > size || !a407_reads(fd))
        return REAL(__recvfrom_chk)(fd, buf, n, size, flags, from, from_n);
    return slow1((struct read1){BY_RECVFROM, fd, buf, n, flags, from, from_n},
                 A407_CALLER);
}

/* ---- several buffers ---- */

/* Why 16: fewer bytes than asked for are a correct answer on a stream. */
#define PIECES 16

/* iov cut to cap bytes, into out; returns the pieces. */
static size_t trim(const struct iovec *iov, size_t n, size_t cap,
                   struct iovec out[static PIECES])
{
    size_t k = 0;
    for (size_t i = 0; i < n && k < PIECES && cap; i++) {
        if (!iov[i].iov_len)
            continue;
        out[k] = iov[i];
        if (out[k].iov_len > cap)
            out[k].iov_len = cap;
        cap -= out[k].iov_len;
        k++;
    }
    return k;
}

static ssize_t call_vector(enum reader by, int fd, struct msghdr *m, int flags)
{
    return by == BY_READV ? REAL(readv)(fd, m->msg_iov, (int)m->msg_iovlen)
                          : REAL(recvmsg)(fd, m, flags);
}

static ssize_t call_trimmed(enum reader by, int fd, struct msghdr *m, int flags,
                            size_t cap)
{
    struct iovec v[PIECES];
    struct msghdr part = *m;
    part.msg_iov = v;
    part.msg_iovlen = trim(m->msg_iov, m->msg_iovlen, cap, v);
    ssize_t k = call_vector(by, fd, &part, flags);
    m->msg_namelen = part.msg_namelen;
    m->msg_controllen = part.msg_controllen;
    m->msg_flags = part.msg_flags;
    return k;
}

static __attribute__((noinline)) ssize_t slow_vector(enum reader by, int fd,
                                                     struct msghdr *m,
                                                     int flags,
                                                     const void *caller)
{
    struct a407_reading r;
    /* of nothing, 0 is not the end of the connection */
    size_t n = m && m->msg_iovlen <= IOV_MAX
                   ? a407_iov_length(m->msg_iov, m->msg_iovlen)
                   : 0;
    switch (n ? a407_read_begin(fd, n, flags, caller, &r) : A407_READ_PASS) {
    case A407_READ_RETURN:
        return r.result;
    case A407_READ_PASS:
        return call_vector(by, fd, m, flags);
    default: {
        ssize_t k = r.cap == SIZE_MAX ? call_vector(by, fd, m, flags)
                                      : call_trimmed(by, fd, m, flags, r.cap);
        a407_read_end(&r, fd, flags, m->msg_iov, m->msg_iovlen, k);
        return k;
    }
    }
}

static __attribute__((noinline)) ssize_t recv_rights(int fd, struct msghdr *m,
                                                     int flags)
{
    ssize_t k = REAL(recvmsg)(fd, m, flags);
    if (k >= 0 && m->msg_controllen)
        a407_rights_come(m);
    return k;
}

A407_EXPORT ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
    /* m is the kernel's to judge: it is looked at only after a success, and
       not at all in a program that has connected nowhere. */
    if (!a407_reads(fd))
        return a407_slot_top() < 0 ? REAL(recvmsg)(fd, m, flags)
                                   : recv_rights(fd, m, flags);
    return slow_vector(BY_RECVMSG, fd, m, flags, A407_CALLER);
}

/* A stream has no messages: one at a time is a correct answer. */
A407_EXPORT int recvmmsg(int fd, struct mmsghdr *mm, unsigned n, int flags,
                         struct timespec *timeout)
{
    if (!a407_reads(fd) || !n || !mm)
        return REAL(recvmmsg)(fd, mm, n, flags, timeout);
    ssize_t k = slow_vector(BY_RECVMSG, fd, &mm[0].msg_hdr,
                            flags & ~MSG_WAITFORONE, A407_CALLER);
    if (k < 0)
        return -1;
    mm[0].msg_len = (unsigned)k;
    return 1;
}

A407_EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
    if (!a407_reads(fd))
        return REAL(readv)(fd, iov, n);
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                       .msg_iovlen = (size_t)n};
    return slow_vector(BY_READV, fd, &m, 0, A407_CALLER);
}
