/* SPDX-License-Identifier: MIT */
#include "object.h"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"

/* An address in this object. */
static const char anchor;

struct search {
    uintptr_t address;
    Dl_info *out;
};

static int is_within(struct dl_phdr_info *object, size_t size, void *arg)
{
    const struct search *s = arg;
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        if (p->p_type != PT_LOAD ||
            s->address - object->dlpi_addr - p->p_vaddr >= p->p_memsz)
            continue;
        s->out->dli_fbase = (void *)object->dlpi_addr;
        s->out->dli_fname = *object->dlpi_name
                                ? object->dlpi_name
                                : (const char *)getauxval(AT_EXECFN);
        return 1;
    }
    return 0;
}

/* Not dladdr(), which also looks the symbol up, among all that there are: more
   than a millisecond in a program as large as node. */
bool a407_object_of(const void *address, Dl_info *out)
{
    struct search s = {(uintptr_t)address, out};
    return address && dl_iterate_phdr(is_within, &s) && out->dli_fname;
}

bool a407_object_is(const Dl_info *object, const void *address)
{
    Dl_info other;
    return a407_object_of(address, &other) &&
           other.dli_fbase == object->dli_fbase;
}

/* ---- files beside it ---- */

/* The object that is mapped at our own address. */
static bool mapped_path(struct a407_buf *text, char *out, size_t cap)
{
    char part[1024];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t k;
    if (fd < 0)
        return false;
    while ((k = read(fd, part, sizeof part)) > 0)
        a407_buf_add(text, part, (size_t)k);
    close(fd);
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

static void resolve(char *path, size_t cap)
{
    char *real = realpath(path, NULL);
    if (real && strlen(real) < cap)
        memcpy(path, real, strlen(real) + 1);
    free(real);
}

static bool program_path(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap);
    if (n < 0) {
        /* in a chroot, say, without /proc: what the kernel was to start */
        n = snprintf(out, cap, "%s", (const char *)getauxval(AT_EXECFN));
        resolve(out, cap);
    } else if ((size_t)n < cap) {
        out[n] = '\0';
    }
    return (size_t)n < cap && *out == '/';
}

static bool own_path(char *out, size_t cap)
{
    Dl_info self;
    bool known = a407_object_of(&anchor, &self);
    /* the program is called as its caller likes */
    if (known && a407_object_is(&self, (const void *)getauxval(AT_PHDR)))
        return program_path(out, cap);
    if (known && *self.dli_fname == '/')
        return snprintf(out, cap, "%s", self.dli_fname) < (int)cap;
    /* relative to where the program was started: it may have gone elsewhere */
    struct a407_buf text;
    a407_buf_init(&text, (size_t)4 << 20);
    bool ok = mapped_path(&text, out, cap);
    a407_buf_free(&text);
    return ok;
}

/* From our own path to that of `name`, which need not be there. */
static bool beside(const char *name, char *out, size_t cap)
{
    char installed[PATH_MAX];
    char *slash = strrchr(out, '/');
    size_t folder = (size_t)(slash - out) + 1, n = strlen(name);
    if (n >= cap - folder)
        return false;
    memcpy(out + folder, name, n + 1);
    if (access(out, F_OK) == 0)
        return true;
    char *above = memrchr(out, '/', folder - 1);
    int k = above ? snprintf(installed, sizeof installed, "%.*s/lib/auth407/%s",
                             (int)(above - out), out, name)
                  : -1;
    if (k > 0 && k < (int)sizeof installed && (size_t)k < cap &&
        access(installed, F_OK) == 0)
        memcpy(out, installed, (size_t)k + 1);
    return true;
}

bool a407_file_beside(const char *name, char *out, size_t cap)
{
    if (!own_path(out, cap) || !beside(name, out, cap))
        return false;
    if (access(out, F_OK) == 0)
        return true;
    /* LD_PRELOAD may name a link to the library, alone in its folder */
    if (!own_path(out, cap))
        return false;
    resolve(out, cap);
    return beside(name, out, cap);
}

/* ---- environments without it ---- */

#define OFF "AUTH407_MODE=off"

static bool is(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static bool dropped(const char *entry)
{
    static const char names[][20] = {"AUTH407_PASSWORD", "AUTH407_TOKEN",
                                     "AUTH407_SECRETS_FD", "AUTH407_FOLLOW",
                                     "AUTH407_MODE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(entry, names[i]))
            return true;
    return is(entry, "AUTH407_PROXY") && strchr(entry, '@'); /* userinfo */
}

static bool same_library(const char *entry, const char *library)
{
    const char *slash = strrchr(entry, '/'), *name = slash ? slash + 1 : entry;
    const char *other = strrchr(library, '/');
    struct stat a, b;
    return strcmp(name, "libauth407.so") == 0 ||
           strcmp(name, other ? other + 1 : library) == 0 ||
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
    Dl_info self;
    const char *library = a407_object_of(&anchor, &self) ? self.dli_fname : "";
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
