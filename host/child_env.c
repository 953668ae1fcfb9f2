/* SPDX-License-Identifier: MIT */
#include "child_env.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object.h"

#define OFF "AUTH407_MODE=off"

static bool is(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static bool dropped(const char *entry)
{
    static const char *const names[] = {"AUTH407_PASSWORD", "AUTH407_TOKEN",
                                        "AUTH407_FOLLOW", "AUTH407_MODE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(entry, names[i]))
            return true;
    return is(entry, "AUTH407_PROXY") && strchr(entry, '@'); /* userinfo */
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool same_library(const char *entry, const char *library)
{
    const char *name = file_name(entry);
    struct stat a, b;
    return strcmp(name, "libauth407.so") == 0 ||
           strcmp(name, file_name(library)) == 0 ||
           (stat(entry, &a) == 0 && stat(library, &b) == 0 &&
            a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

bool a407_preload_strip(char *list, const char *library)
{
    static const char separators[] = ": "; /* ld.so(8) */
    char *rest, *to = list, *entry = strtok_r(list, separators, &rest);
    for (; entry; entry = strtok_r(NULL, separators, &rest)) {
        size_t n = strlen(entry);
        if (same_library(entry, library))
            continue;
        if (to > list)
            *to++ = ':';
        memmove(to, entry, n);
        to += n;
    }
    *to = '\0';
    return to > list;
}

char **a407_child_env(void)
{
    static const char here = 'h';
    Dl_info self;
    const char *library = a407_object_of(&here, &self) ? self.dli_fname : "";
    size_t n = 0, room = 0;
    for (char **e = environ; e && *e; e++, n++)
        if (is(*e, "LD_PRELOAD"))
            room += strlen(*e) + 1;
    /* one block: the list, and behind it the text that had to be changed */
    char **list = malloc((n + 2) * sizeof *list + room);
    if (!list)
        return NULL;
    char *text = (char *)(list + n + 2);
    size_t k = 0;
    for (char **e = environ; k < n && e && *e; e++) {
        if (dropped(*e))
            continue;
        if (!is(*e, "LD_PRELOAD")) {
            list[k++] = *e;
            continue;
        }
        size_t size = strlen(*e) + 1;
        if (size > room)
            continue;
        memcpy(text, *e, size);
        if (a407_preload_strip(strchr(text, '=') + 1, library)) {
            list[k++] = text;
            room = 0;
        }
    }
    list[k++] = (char *)(uintptr_t)OFF;
    list[k] = NULL;
    return list;
}
