/* SPDX-License-Identifier: MIT */
#ifndef A407_OBJECT_H
#define A407_OBJECT_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

/* The program or shared object that an address lies in, with its name. False:
   none, or address is NULL. Takes the dynamic linker's lock. */
bool a407_object_of(const void *address, Dl_info *out);

/* Do both lie in the same one? */
bool a407_object_is(const Dl_info *object, const void *address);

/*
 * The path of a file that came with this code: in the same folder, or, if it is
 * not there but has been installed, in lib/auth407 of the folder above. False:
 * it does not fit, or nobody knows where we are. Reads /proc/self/maps if the
 * library was loaded by a relative path.
 */
bool a407_file_beside(const char *name, char *out, size_t cap);

#endif
