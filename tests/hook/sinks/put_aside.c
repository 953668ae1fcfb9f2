/* SPDX-License-Identifier: MIT */
/*
 * Preloaded behind the library: between open() and what follows others put the
 * log aside. SINKS_ASIDE=once: it is LOG.1 then, and a new one is there; twice:
 * what was opened has no name any more.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int call(int fd, struct stat *st);

static void put_aside(const char *log, const char *how)
{
    char old[512];
    snprintf(old, sizeof old, "%s.1", log);
    if (strcmp(how, "once") == 0) {
        rename(log, old);
        close(open(log, O_WRONLY | O_CREAT, 0600));
    } else {
        unlink(log);
    }
}

int fstat(int fd, struct stat *st)
{
    static int done;
    uintptr_t f = (uintptr_t)dlsym(RTLD_NEXT, "fstat");
    const char *log = getenv("AUTH407_LOG"), *how = getenv("SINKS_ASIDE");
    struct stat named;
    int rc = ((call *)f)(fd, st);
    if (rc == 0 && !done && log && how && stat(log, &named) == 0 &&
        named.st_ino == st->st_ino) {
        done = 1;
        put_aside(log, how);
    }
    return rc;
}
