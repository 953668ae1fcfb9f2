/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "guard.h"

static ssize_t raw_read(int fd, void *buf, size_t n)
{
    return syscall(SYS_read, fd, buf, n);
}

static ssize_t raw_write(int fd, const void *buf, size_t n)
{
    return syscall(SYS_write, fd, buf, n);
}

static int raw_close(int fd)
{
    return (int)syscall(SYS_close, fd);
}

static int raw_fcntl(int fd, int cmd, ...)
{
    va_list ap;
    va_start(ap, cmd);
    long arg = va_arg(ap, long);
    va_end(ap);
    return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

struct a407_real a407_real_table = {
    .read = raw_read,
    .__read = raw_read,
    .write = raw_write,
    .__write = raw_write,
    .close = raw_close,
    .__close = raw_close,
    .fcntl = raw_fcntl,
    .fcntl64 = raw_fcntl,
};
int a407_real_ready;

/*
 * A store through uintptr_t: ISO C has no conversion from an object pointer,
 * which is what dlsym returns, to a function pointer.
 */
#define A407_HOOK(name)                                                        \
    {                                                                          \
        uintptr_t f = (uintptr_t)dlsym(RTLD_NEXT, #name);                      \
        if (f)                                                                 \
            a407_real_table.name = (__typeof__(name) *)f;                      \
    }

void a407_real_resolve(void)
{
    if (a407_guard.resolving)
        return;
    a407_guard.resolving = 1;
#include "hooks.def"
    a407_guard.resolving = 0;
    __atomic_store_n(&a407_real_ready, 1, __ATOMIC_RELEASE);
}
