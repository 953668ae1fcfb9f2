/* SPDX-License-Identifier: MIT */
#include "other_libc.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/object.h"

/*
 * A child that was linked with musl inherits LD_PRELOAD as well. Its loader
 * ends a program whose preloaded library needs a symbol that musl has not:
 * so names that only glibc has are weak here, or our own.
 */

typedef void handler(void);

/* By an address in it libc knows the object that a handler is in. */
static char here;

bool a407_is_glibc(void)
{
    return a407_object_name(RTLD_DEFAULT, "gnu_get_libc_version");
}

static const char *single_threaded;
static __typeof__(pthread_mutex_trylock) *try_mutex;

void a407_names_find(void)
{
    void *single = a407_object_name(RTLD_DEFAULT, "__libc_single_threaded");
    void *f = a407_object_name(RTLD_DEFAULT, "pthread_mutex_trylock");
    __atomic_store_n(&single_threaded, single, __ATOMIC_RELAXED);
    __atomic_store_n(&try_mutex, (__typeof__(try_mutex))f, __ATOMIC_RELAXED);
}

bool a407_single_threaded(void)
{
    const char *single = __atomic_load_n(&single_threaded, __ATOMIC_RELAXED);
    return single && *single;
}

bool a407_mutex_trylock(pthread_mutex_t *lock)
{
    __typeof__(try_mutex) f = __atomic_load_n(&try_mutex, __ATOMIC_RELAXED);
    return !f || f(lock) == 0;
}

extern int __register_atfork(handler *prepare, handler *parent, handler *child,
                             void *dso) __attribute__((weak));

void a407_at_fork(handler *prepare, handler *parent, handler *child)
{
    if (__register_atfork) {
        __register_atfork(prepare, parent, child, &here);
        return;
    }
    uintptr_t f = (uintptr_t)a407_object_name(RTLD_DEFAULT, "pthread_atfork");
    if (f)
        ((int (*)(handler *, handler *, handler *))f)(prepare, parent, child);
}

void a407_at_thread_exit(void (*end)(void *))
{
    uintptr_t f =
        (uintptr_t)a407_object_name(RTLD_DEFAULT, "__cxa_thread_atexit_impl");
    if (f)
        ((int (*)(void (*)(void *), void *, void *))f)(end, NULL, &here);
}

/*
 * glibc before 2.33 has these by other names, __xstat() and its kin. Where the
 * kernel's struct is libc's they are this system call. Hidden, as below.
 */
#if defined __LP64__ && (defined __x86_64__ || defined __aarch64__)
#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN int fstatat(int folder, const char *name, struct stat *st, int flags)
{
    return (int)syscall(SYS_newfstatat, folder, name, st, flags);
}

HIDDEN int fstat(int fd, struct stat *st)
{
    return fstatat(fd, "", st, AT_EMPTY_PATH);
}

HIDDEN int stat(const char *path, struct stat *st)
{
    return fstatat(AT_FDCWD, path, st, 0);
}

HIDDEN int lstat(const char *path, struct stat *st)
{
    return fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}
#endif

/* nettle's choice of code by processor can explain itself when it is asked to;
   it was compiled with fortified stdio. Hidden: the program's own stays. */
int __fprintf_chk(FILE *f, int flag, const char *fmt, ...);
__attribute__((visibility("hidden"), format(printf, 3, 4))) int
__fprintf_chk(FILE *f, int flag, const char *fmt, ...)
{
    va_list ap;
    (void)flag;
    va_start(ap, fmt);
    int n = vfprintf(f, fmt, ap);
    va_end(ap);
    return n;
}
