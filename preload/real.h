/* SPDX-License-Identifier: MIT */
#ifndef A407_REAL_H
#define A407_REAL_H

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
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
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                const sigset_t *mask, size_t size);
ssize_t __write(int fd, const void *buf, size_t n);
ssize_t __send(int fd, const void *buf, size_t n, int flags);

enum a407_real_id {
#define A407_HOOK(name) A407_REAL_##name,
#define A407_SAME(name, of)
#include "hooks.def"
#undef A407_HOOK
#undef A407_SAME
    A407_REAL_COUNT
};

/* libc's own functions, behind ours; NULL until first used. */
extern uintptr_t a407_real_table[A407_REAL_COUNT];

/*
 * Looks one up and remembers it. While dlsym() is at work (it may call malloc,
 * and that may read a file) read, write, close and fcntl are raw system calls.
 */
uintptr_t a407_real_find(enum a407_real_id id);

/*
 * Those that a program may first call where a look-up is a bad idea: in a
 * signal handler, or between fork and exec. The others cost start-up time for
 * nothing in most programs.
 */
void a407_real_start(void);

static inline uintptr_t a407_real(enum a407_real_id id)
{
    uintptr_t f = __atomic_load_n(&a407_real_table[id], __ATOMIC_RELAXED);
    return __builtin_expect(f != 0, 1) ? f : a407_real_find(id);
}

/* libc's function of that name, with the type that libc's header gives it. */
#define REAL(name) ((__typeof__(name) *)a407_real(A407_REAL_##name))

#endif
