/* SPDX-License-Identifier: MIT */
#ifndef A407_REAL_H
#define A407_REAL_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Names that libc exports and declares in no header, or only when fortified. */
int __connect(int fd, const struct sockaddr *addr, socklen_t len);
int __close(int fd);
int __dup2(int from, int to);
ssize_t __read(int fd, void *buf, size_t n);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags,
                       struct sockaddr *from, socklen_t *from_n);
ssize_t __write(int fd, const void *buf, size_t n);
ssize_t __send(int fd, const void *buf, size_t n, int flags);

/* libc's own functions, behind ours. */
struct a407_real {
#define A407_HOOK(name) __typeof__(name) *name;
#include "hooks.def"
#undef A407_HOOK
};

extern struct a407_real a407_real_table;
extern int a407_real_ready;

/* Looks the names up; safe to call more than once, from any thread. */
void a407_real_resolve(void);

/*
 * The table. Constructors of other libraries run before ours, so it is filled
 * at first use. While it is being filled (dlsym may call malloc, and that may
 * read a file) read, write, close and fcntl are raw system calls.
 */
static inline const struct a407_real *real(void)
{
    if (__builtin_expect(!a407_real_ready, 0))
        a407_real_resolve();
    return &a407_real_table;
}

#endif
