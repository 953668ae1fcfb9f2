/* SPDX-License-Identifier: MIT */
#include "library.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"

#define LIBRARY_NAME "libauth407.so"
/* ld.so(8): blanks and colons part the entries. */
#define SEPARATORS " :"

/* The folder of this program, without a slash at its end. */
static bool own_folder(char *out)
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    char *slash;

    if (n <= 0)
        return false;
    out[n] = '\0';
    slash = strrchr(out, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

/*
 * Symbolic links in a given name are kept: a link is the way round a folder
 * whose name LD_PRELOAD can't carry.
 */
static bool named_library(const char *name, char *path)
{
    char here[PATH_MAX];
    int n;

    if (*name == '/')
        n = snprintf(path, PATH_MAX, "%s", name);
    else if (getcwd(here, sizeof(here)))
        n = snprintf(path, PATH_MAX, "%s/%s", here, name);
    else
        n = PATH_MAX;
    if (n >= PATH_MAX || !exists(path)) {
        a407_error("AUTH407_LIBRARY names %s, which is not there", name);
        return false;
    }
    return true;
}

static bool search_library(char *path)
{
    char folder[PATH_MAX], beside[PATH_MAX + 64], *slash;

    if (!own_folder(folder)) {
        a407_error("can't tell where this program lies: %s; set "
                   "AUTH407_LIBRARY to the path of " LIBRARY_NAME,
                   strerror(errno));
        return false;
    }
    snprintf(beside, sizeof(beside), "%s/" LIBRARY_NAME, folder);
    if (exists(beside))
        return snprintf(path, PATH_MAX, "%s", beside) < PATH_MAX;
    slash = strrchr(folder, '/');
    if (slash) {
        *slash = '\0';
        if (snprintf(path, PATH_MAX, "%s/lib/auth407/" LIBRARY_NAME, folder) <
                PATH_MAX &&
            exists(path))
            return true;
    }
    a407_error("no " LIBRARY_NAME
               ", neither %s nor %s/lib/auth407/" LIBRARY_NAME
               "; build it, install it, or set AUTH407_LIBRARY "
               "to its path",
               beside, folder);
    return false;
}

bool a407_library_find(char *path, struct a407_elf *elf)
{
    const char *named = getenv("AUTH407_LIBRARY");
    bool good;
    int fd;

    if (!(named && *named ? named_library(named, path) : search_library(path)))
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
    good = a407_elf_read(fd, elf) && elf->type == ET_DYN;
    close(fd);
    if (!good)
        a407_error("%s is no shared library", path);
    return good;
}

/* Two copies in one process would both answer the same 407. */
static bool is_our_library(const char *entry, const char *library)
{
    const char *slash = strrchr(entry, '/');
    struct stat a, b;

    if (strcmp(slash ? slash + 1 : entry, LIBRARY_NAME) == 0)
        return true;
    return stat(entry, &a) == 0 && stat(library, &b) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

char *a407_library_preload(const char *library, const char *old, bool load)
{
    size_t cap = strlen(library) + (old ? strlen(old) : 0) + 2;
    char *value = malloc(cap), *words = strdup(old ? old : "");
    char *word, *rest, *end;

    if (!value || !words) {
        free(value);
        free(words);
        return NULL;
    }
    end = stpcpy(value, load ? library : "");
    for (word = strtok_r(words, SEPARATORS, &rest); word;
         word = strtok_r(NULL, SEPARATORS, &rest)) {
        if (is_our_library(word, library))
            continue;
        if (end > value)
            *end++ = ':';
        end = stpcpy(end, word);
    }
    free(words);
    return value;
}
