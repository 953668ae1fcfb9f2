/* SPDX-License-Identifier: MIT */
/* Preloaded behind the library: between open() and write() others put the
   log aside twice, so that what was opened has no name any more. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int call(int fd, struct stat *st);

int fstat(int fd, struct stat *st)
{
    static int done;
    uintptr_t f = (uintptr_t)dlsym(RTLD_NEXT, "fstat");
    const char *log = getenv("AUTH407_LOG");
    struct stat named;
    int rc = ((call *)f)(fd, st);
    if (rc == 0 && !done && log && stat(log, &named) == 0 &&
        named.st_ino == st->st_ino) {
        done = 1;
        unlink(log);
    }
    return rc;
}
