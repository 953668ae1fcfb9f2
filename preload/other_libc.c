/* SPDX-License-Identifier: MIT */
#include "other_libc.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A child that was linked with musl inherits LD_PRELOAD as well. Its loader
 * ends a program whose preloaded library needs a symbol that musl has not:
 * so names that only glibc has are weak here, or our own.
 */

typedef void handler(void);

/* By an address in it libc knows the object that a handler is in. */
static char here;

extern char __libc_single_threaded __attribute__((weak));

bool a407_is_glibc(void)
{
    return dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
}

bool a407_single_threaded(void)
{
    return &__libc_single_threaded && __libc_single_threaded;
}

extern int __register_atfork(handler *prepare, handler *parent, handler *child,
                             void *dso) __attribute__((weak));

void a407_at_fork(handler *prepare, handler *parent, handler *child)
{
    if (__register_atfork) {
        __register_atfork(prepare, parent, child, &here);
        return;
    }
    uintptr_t f = (uintptr_t)dlsym(RTLD_DEFAULT, "pthread_atfork");
    if (f)
        ((int (*)(handler *, handler *, handler *))f)(prepare, parent, child);
}

void a407_at_thread_exit(void (*end)(void *))
{
    uintptr_t f = (uintptr_t)dlsym(RTLD_DEFAULT, "__cxa_thread_atexit_impl");
    if (f)
        ((int (*)(void (*)(void *), void *, void *))f)(end, NULL, &here);
}

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
