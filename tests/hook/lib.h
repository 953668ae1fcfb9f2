/* SPDX-License-Identifier: MIT */
#ifndef LIB_H
#define LIB_H

/* What is preloaded after the library takes the place of libc's function for
   it, and mostly goes on to that. */

#include <dlfcn.h>

#define EXPORT         __attribute__((visibility("default")))
#define NEXT(function) ((__typeof__(function) *)dlsym(RTLD_NEXT, #function))

#endif
