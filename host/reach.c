/* SPDX-License-Identifier: MIT */
#include "reach.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "file_at.h"

/* No pointers: the loader would have to see to each, in every process. */
static const struct {
    char name[12], words[132];
} table[A407_REACH_COUNT] = {
    [A407_REACH_STATIC] = {"static", "is statically linked (Go, musl, ...): "
                                     "the library can't be loaded into it"},
    [A407_REACH_GO] = {"go", "is a Go program, which makes its own system "
                             "calls: the library does not see them"},
    [A407_REACH_LIBC] = {"libc", "is linked with a C library other than glibc"},
    [A407_REACH_MACHINE] = {"machine",
                            "is built for another machine or word size than "
                            "the library, which can't be loaded into it"},
    [A407_REACH_SECURE] = {"secure",
                           "gains privileges when it starts (setuid, setgid or "
                           "file capabilities), so the system won't load the "
                           "library into it"},
    [A407_REACH_ENVIRONMENT] = {
        "environment", "is started with an environment that does not name the "
                       "library: --follow puts it back"}};

const char *a407_reach_name(enum a407_reach r)
{
    return table[r].name;
}

const char *a407_reach_words(enum a407_reach r)
{
    return table[r].words;
}

/* glibc's dynamic linkers, by the names that its ports use. */
static bool is_glibc_linker(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return strncmp(name, "ld-linux", 8) == 0 ||
           strncmp(name, "ld64.so.", 8) == 0 ||
           strncmp(name, "ld.so.", 6) == 0 || strncmp(name, "ld-2.", 5) == 0;
}

enum a407_reach a407_reach_judge(const char *path, const struct a407_elf *e,
                                 const struct a407_elf_kind *ours)
{
    if (e->kind.class != ours->class || e->kind.data != ours->data ||
        e->kind.machine != ours->machine)
        return A407_REACH_MACHINE;
    if (!*e->interpreter) /* ld.so has none itself, and honours LD_PRELOAD */
        return is_glibc_linker(path) ? A407_REACH_FULL : A407_REACH_STATIC;
    if (!is_glibc_linker(e->interpreter))
        return A407_REACH_LIBC;
    return e->go ? A407_REACH_GO : A407_REACH_FULL;
}

bool a407_reach_secure(int fd, bool whole)
{
    struct statvfs fs;
    struct stat st;
    if (a407_fd_stat(fd, &st) != 0)
        return false;
    bool gains = (st.st_mode & S_ISUID && st.st_uid != a407_uid()) ||
                 /* without the group's x bit it means mandatory locking */
                 ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
                  st.st_gid != getgid()) ||
                 (whole && a407_uid() != 0 &&
                  fgetxattr(fd, "security.capability", NULL, 0) > 0);
    return gains && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 &&
           !(fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_NOSUID);
}

char *a407_next_word(char **line)
{
    char *word = *line + strspn(*line, " \t");
    if (!*word)
        return NULL;
    *line = word + strcspn(word, " \t");
    if (**line)
        *(*line)++ = '\0';
    return word;
}

bool a407_script_line(const struct a407_head *h, char line[A407_SCRIPT_LINE])
{
    size_t n = h->n < A407_SCRIPT_LINE ? h->n : A407_SCRIPT_LINE - 1;
    memcpy(line, h->bytes, n);
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return line[0] == '#' && line[1] == '!';
}
