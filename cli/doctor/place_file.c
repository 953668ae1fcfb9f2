/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/text.h"
#include "host/file_at.h"
#include "places.h"

bool a407_place_text(const char *path, struct a407_buf *out)
{
    int fd = a407_file_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        a407_buf_reserve(out, (size_t)st.st_size + 1))
        while ((n = read(fd, out->p + out->n, (size_t)st.st_size - out->n)) > 0)
            out->n += (size_t)n;
    close(fd);
    return n == 0;
}

bool a407_place_above(const char *name, char out[static PATH_MAX])
{
    char folder[PATH_MAX];
    char *end;

    if (!getcwd(folder, sizeof folder))
        return false;
    while (snprintf(out, PATH_MAX, "%s%s", folder[1] ? folder : "", name) >=
               PATH_MAX ||
           access(out, F_OK) != 0) {
        if (!folder[1])
            return false;
        end = strrchr(folder, '/');
        end[end == folder] = '\0';
    }
    return true;
}

/* "/a/../b" is "/b". */
static void shorten(char *path)
{
    char *up, *from;

    while ((up = strstr(path, "/../"))) {
        *up = '\0';
        from = strrchr(path, '/');
        memmove(from ? from : path, up + 3, strlen(up + 3) + 1);
    }
}

bool a407_place_path(const char *path, char out[static PATH_MAX])
{
    const char *instead = *path == '$' ? strchr(path, '|') : NULL, *value = "";
    size_t n = strcspn(path, "/|"), rest = strlen(path + n);
    char name[64];

    if (*path == '^')
        return a407_place_above(path + n, out);
    a407_put(name, sizeof name, a407_span(path + 1, n ? n - 1 : 0));
    if (n)
        value = getenv(*path == '~' ? "HOME" : name);
    if (instead && !(value && *value))
        return a407_place_path(instead + 1, out);
    if (instead)
        rest = (size_t)(instead - path) - n;
    if (!value || (n && *value != '/') || (*path == '~' && n > 1) ||
        snprintf(out, PATH_MAX, "%s%.*s", value, (int)rest, path + n) >=
            PATH_MAX)
        return false;
    shorten(out);
    return true;
}
