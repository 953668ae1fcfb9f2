/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

void a407_make_parents(const char *path)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof part)
        return;
    memcpy(part, path, n + 1);
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(part, 0700);
        *p = '/';
    }
}
