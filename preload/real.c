/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "guard.h"
#include "host/object.h"

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

static int raw_nothing(void)
{
    errno = ENOSYS;
    return -1;
}

static void *raw_null(void)
{
    errno = ENOSYS;
    return NULL;
}

struct a407_real_row a407_real_table[A407_REAL_COUNT] = {
#define A407_HOOK(name) {0, #name},
#define A407_SAME(name, of)
#include "hooks.def"
#undef A407_HOOK
#undef A407_SAME
};

static uintptr_t raw(enum a407_real_id id)
{
    switch (id) {
    case A407_REAL_read:
        return (uintptr_t)raw_read;
    case A407_REAL_write:
        return (uintptr_t)raw_write;
    case A407_REAL_close:
        return (uintptr_t)raw_close;
    case A407_REAL_fcntl:
        return (uintptr_t)raw_fcntl;
    case A407_REAL_fdopen:
    case A407_REAL_dlopen:
        return (uintptr_t)raw_null;
    default:
        return (uintptr_t)raw_nothing;
    }
}

uintptr_t a407_real_find(enum a407_real_id id)
{
    int saved = errno;
    if (a407_guard.resolving)
        return raw(id);
    a407_guard.resolving = 1;
    uintptr_t f =
        (uintptr_t)a407_object_name(RTLD_NEXT, a407_real_table[id].name);
    a407_guard.resolving = 0;
    errno = saved;
    if (!f)
        return raw(id); /* another libc, which has not that name */
    __atomic_store_n(&a407_real_table[id].function, f, __ATOMIC_RELAXED);
    return f;
}

void a407_real_start(void)
{
    a407_real_find(A407_REAL_read);
    a407_real_find(A407_REAL_write);
    a407_real_find(A407_REAL_close);
}
