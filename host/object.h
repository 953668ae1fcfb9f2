/* SPDX-License-Identifier: MIT */
#ifndef A407_OBJECT_H
#define A407_OBJECT_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

/* The program or shared object that an address lies in: of *out dli_fname and
   dli_fbase, no more. False: none, or address is NULL. Takes the
   dynamic linker's lock. */
bool a407_object_of(const void *address, Dl_info *out);

/* Do both lie in the same one? */
bool a407_object_is(const Dl_info *object, const void *address);

/* dlsym(): what `name` is in the objects behind this one (RTLD_NEXT) or in all
   (RTLD_DEFAULT); NULL: nothing. Takes the dynamic linker's lock. May load
   libdl.so.2, once, with a glibc before 2.34. */
void *a407_object_name(void *where, const char *name);

/*
 * The path of a file that came with this code: in the same folder or in
 * lib/auth407 of the folder above; of the link that we were named by, else of
 * what that leads to. If there is none, where it should be. False: it does not
 * fit, or nobody knows where we are. May read /proc/self/maps.
 */
bool a407_file_beside(const char *name, char *out, size_t cap);

/*
 * The environment for a child of ours: the program's, without our secrets and
 * without this library, so that a command which uses the proxy does not start
 * itself again. NULL: no memory. The caller frees the list alone.
 */
char **a407_child_env(void);

/* Takes each copy of this library, which is at `library`, out of an LD_PRELOAD
   list, in place: two would both answer the same 407. False: none is left. */
bool a407_preload_strip(char *list, const char *library);

#endif
