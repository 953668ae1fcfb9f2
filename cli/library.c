/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file_at.h"
#include "host/object.h"
#include "msg.h"

#define LIBRARY_NAME "libauth407.so"
/* ld.so(8): blanks and colons part the entries. */
#define SEPARATORS " :"

static bool exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

/* Symbolic links are kept: they are the way round a folder whose name
   LD_PRELOAD can't carry. */
static bool named_library(const char *name, char *path)
{
    if (!a407_path_absolute(name, path) || !exists(path)) {
        a407_error("AUTH407_LIBRARY names %s, which is not there", name);
        return false;
    }
    return true;
}

static bool find_part(const char *name, char *path)
{
    char above[PATH_MAX];
    char *slash;
    int i;

    if (!a407_file_beside(name, path, PATH_MAX)) {
        a407_error("can't tell where this program lies: %s; set "
                   "AUTH407_LIBRARY to the path of " LIBRARY_NAME,
                   strerror(errno));
        return false;
    }
    if (exists(path))
        return true;
    memcpy(above, path, strlen(path) + 1);
    for (i = 0; i < 2 && (slash = strrchr(above, '/')); i++)
        *slash = '\0';
    a407_error("no %s, neither %s nor %s/lib/auth407/%s; build it, install it, "
               "or set AUTH407_LIBRARY to the path of " LIBRARY_NAME,
               name, path, above, name);
    return false;
}

/* The folder of a library that AUTH407_LIBRARY names, where it has `name`. */
static bool beside_named(const char *name, char *path)
{
    const char *library = getenv("AUTH407_LIBRARY");
    const char *slash = library ? strrchr(library, '/') : NULL;
    return slash &&
           snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - library), library,
                    name) < PATH_MAX &&
           exists(path);
}

int a407_part_start(const char *name, char **argv)
{
    char path[PATH_MAX];

    if (!beside_named(name, path) && !find_part(name, path))
        return A407_EXIT_PART;
    argv[0] = path;
    execv(path, argv);
    a407_error("can't start %s: %s", path, strerror(errno));
    return A407_EXIT_PART;
}

bool a407_library_find(char *path, struct a407_elf *elf)
{
    const char *named = getenv("AUTH407_LIBRARY");
    struct a407_head head;
    bool good;
    int fd;

    if (!(named && *named ? named_library(named, path)
                          : find_part(LIBRARY_NAME, path)))
        return false;
    /* "$" starts one of ld.so's own words there, such as $LIB */
    if (strpbrk(path, SEPARATORS "$")) {
        a407_error("LD_PRELOAD can't carry a blank, a colon or a dollar sign: "
                   "`%s`; make a symbolic link to that file from a path "
                   "without one, and set AUTH407_LIBRARY to the link",
                   path);
        return false;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        a407_error("can't read %s: %s", path, strerror(errno));
        return false;
    }
    good = a407_head_read(&head, fd) && a407_elf_read(&head, true, elf) &&
           elf->type == ET_DYN;
    close(fd);
    if (!good)
        a407_error("%s is no shared library; build or install it anew", path);
    return good;
}

char *a407_library_preload(const char *library, const char *old, bool load)
{
    size_t n = load ? strlen(library) : 0;
    char *value = malloc(n + (old ? strlen(old) : 0) + 2), *others;

    if (!value)
        return NULL;
    memcpy(value, library, n);
    others = value + n;
    if (n)
        *others++ = ':';
    stpcpy(others, old ? old : "");
    if (!a407_preload_strip(others, library))
        value[n] = '\0';
    return value;
}
