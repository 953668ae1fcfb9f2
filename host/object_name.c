/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <stddef.h>

#include "object.h"

/*
 * glibc before 2.34 has dlsym() in libdl.so.2, which a program need not have
 * loaded, and which is no part of what we need: so it may be missing here. The
 * linker would tie the name to a version of the libc that it links with, and
 * glibc before 2.30 ends a program whose libc has not that. With an empty one
 * it keeps the bare name, which fits all.
 */
#ifdef A407_BARE_NAMES
__asm__(".symver dlsym,dlsym@");
#endif
extern __typeof__(dlsym) dlsym __attribute__((weak));

/* How such a libc opens objects for itself. Only called where dlsym() is
   missing, and looked up only then. */
void *__libc_dlopen_mode(const char *file, int mode) __attribute__((weak));
void *__libc_dlsym(void *object, const char *name) __attribute__((weak));
#define OPENED_BY_LIBC (RTLD_LAZY | (int)0x80000000)

typedef void *look_up(void *where, const char *name);

static look_up *in_libdl(void)
{
    static look_up *found;
    look_up *f = __atomic_load_n(&found, __ATOMIC_RELAXED);
    void *libdl = f ? NULL : __libc_dlopen_mode("libdl.so.2", OPENED_BY_LIBC);
    if (libdl) {
        f = (look_up *)__libc_dlsym(libdl, "dlsym");
        __atomic_store_n(&found, f, __ATOMIC_RELAXED);
    }
    return f;
}

void *a407_object_name(void *where, const char *name)
{
    look_up *f = dlsym ? dlsym : in_libdl();
    return f ? f(where, name) : NULL;
}
