/* SPDX-License-Identifier: MIT */
#ifndef A407_MEMORY_FOLDER_H
#define A407_MEMORY_FOLDER_H

#include <limits.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "file_at.h"
#include "memory.h"

/* The folder of what processes of one user leave each other, private to the
   host. */

#define A407_DAY_S      86400
#define A407_MEMORY_MAX ((size_t)64 * 1024) /* bytes of a file */
#define A407_FOLDER_KEY 32

struct a407_folder {
    struct a407_at at;
    uint8_t key[A407_FOLDER_KEY];
};

typedef char a407_file_name[NAME_MAX + 1];

enum a407_folder_how {
    A407_FOLDER_LOOK,   /* makes nothing */
    A407_FOLDER_MAKE,   /* ... with its key */
    A407_FOLDER_SESSION /* MAKE, and never on a disk: in $XDG_RUNTIME_DIR */
};

/* False: there is none, or no memory is wanted. Else the caller closes f->at.
 */
bool a407_folder_open(const struct a407_config *c, enum a407_folder_how how,
                      struct a407_folder *f);

/* Removes what is older than a day. */
void a407_folder_sweep(const struct a407_folder *f);

/* Reads a whole file of ours. False: not there, not ours, or too long. *age: in
   seconds, negative where the clock was set back. */
bool a407_folder_read(const struct a407_folder *f, const char *name,
                      struct a407_buf *out, int64_t *age);

/* Whole or not at all; replace: also if there is one, which else is EEXIST. */
bool a407_folder_write(const struct a407_folder *f, const char *name,
                       bool replace, struct a407_span text);

/* Leaves a mark of the run; `what` tells it from others of that. False: another
   process has. True also without a run, or a folder. */
bool a407_folder_first(const struct a407_config *c, const char *what);

/* One that nobody else has. */
void a407_folder_new_name(a407_file_name out);

/* That of the owner's file, without o->cred. */
void a407_folder_name(const struct a407_folder *f, const struct a407_owner *o,
                      a407_file_name out);

/* The first `bytes` of a keyed hash over texts (NULL: absent), in hexadecimal.
 */
void a407_folder_sum(const struct a407_folder *f, const char *const *parts,
                     size_t n, size_t bytes, char *hex);

#endif
