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

/* libc's own functions. Names, not pointers to them: no relocations. */
struct a407_real_row {
    uintptr_t function; /* atomic; 0 until first used */
    char name[16];
};
extern struct a407_real_row a407_real_table[A407_REAL_COUNT]
    __attribute__((visibility("hidden")));

/* Looks one up and remembers it. For dlsym() itself, whose malloc() may read a
   file, read, write, close and fcntl are raw system calls. */
__attribute__((cold)) uintptr_t a407_real_find(enum a407_real_id id);

/*
 * Those that a signal handler may be the first to call: dlsym() waits for a
 * thread that loads a library, and that for malloc()'s lock, which may be the
 * interrupted code's. (After fork a look-up is safe: the loader's lock is new.)
 */
__attribute__((cold)) void a407_real_start(void);

static inline uintptr_t a407_real_known(enum a407_real_id id)
{
    return __atomic_load_n(&a407_real_table[id].function, __ATOMIC_RELAXED);
}

static inline uintptr_t a407_real(enum a407_real_id id)
{
    uintptr_t f = a407_real_known(id);
    return __builtin_expect(f != 0, 1) ? f : a407_real_find(id);
}

/* libc's function of that name, with the type that libc's header gives it. */
#define REAL(name) ((__typeof__(name) *)a407_real(A407_REAL_##name))

/* NULL before the first look-up: for a hook that has no stack frame. */
#define REAL_KNOWN(name) ((__typeof__(name) *)a407_real_known(A407_REAL_##name))

#endif
