/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

static atomic_bool elsewhere;

void a407_paths_elsewhere(void)
{
    atomic_store(&elsewhere, true);
}

bool a407_paths_valid(void)
{
    return !atomic_load(&elsewhere);
}

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
