/* SPDX-License-Identifier: MIT */
#include "child_env.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "real.h"

/* An address in this library. */
static const char anchor;

/* ---- where the library is ---- */

/* The object that is mapped at our own address. */
static bool mapped_path(struct a407_buf *text, char *out, size_t cap)
{
    char part[1024];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t k;
    if (fd < 0)
        return false;
    while ((k = REAL(read)(fd, part, sizeof part)) > 0)
        a407_buf_add(text, part, (size_t)k);
    REAL(close)(fd);
    if (!a407_buf_add(text, "", 1))
        return false;
    for (char *line = text->p; *line;) {
        char *end = strchr(line, '\n'), *dash, *path;
        if (!end)
            break;
        *end = '\0';
        uintptr_t from = strtoull(line, &dash, 16);
        uintptr_t to = *dash == '-' ? strtoull(dash + 1, NULL, 16) : 0;
        if (from <= (uintptr_t)&anchor && (uintptr_t)&anchor < to &&
            (path = strchr(line, '/')))
            return snprintf(out, cap, "%s", path) < (int)cap;
        line = end + 1;
    }
    return false;
}

static bool own_path(char *out, size_t cap)
{
    Dl_info self;
    if (dladdr(&anchor, &self) && self.dli_fname && *self.dli_fname == '/')
        return snprintf(out, cap, "%s", self.dli_fname) < (int)cap;
    /* relative to where the program was started: it may have gone elsewhere */
    struct a407_buf text;
    a407_buf_init(&text, (size_t)4 << 20);
    bool ok = mapped_path(&text, out, cap);
    a407_buf_free(&text);
    return ok;
}

bool a407_child_beside(const char *name, char *out, size_t cap)
{
    if (!own_path(out, cap))
        return false;
    char *slash = strrchr(out, '/');
    size_t folder = (size_t)(slash - out) + 1, n = strlen(name);
    if (n >= cap - folder)
        return false;
    memcpy(out + folder, name, n + 1);
    return true;
}

/* ---- the environment ---- */

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

/* The file's name, for a library may be known by several paths. */
static const char *own_name(void)
{
    Dl_info self;
    const char *slash;
    if (!dladdr(&anchor, &self) || !self.dli_fname)
        return "libauth407.so";
    slash = strrchr(self.dli_fname, '/');
    return slash ? slash + 1 : self.dli_fname;
}

/* Writes "LD_PRELOAD=" and the libraries of the list that are not ours; false
   if none is left. ld.so(8): colons and blanks part them. */
static bool others(const char *list, char *out)
{
    const char *name = own_name();
    size_t n = strlen(name);
    char *to = stpcpy(out, "LD_PRELOAD="), *start = to;
    while (*list) {
        size_t len = strcspn(list, ": ");
        bool ours = len >= n && memcmp(list + len - n, name, n) == 0 &&
                    (len == n || list[len - n - 1] == '/');
        if (len && !ours) {
            if (to > start)
                *to++ = ':';
            to = mempcpy(to, list, len);
        }
        list += len + (list[len] != '\0');
    }
    *to = '\0';
    return to > start;
}

char **a407_child_env(void)
{
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
        } else if (strlen(*e) < room &&
                   others(*e + sizeof "LD_PRELOAD=" - 1, text)) {
            list[k++] = text;
            room = 0;
        }
    }
    list[k++] = (char *)(uintptr_t)OFF;
    list[k] = NULL;
    return list;
}
