/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "msg.h"

/* The kernel follows as many "#!" lines (execve(2)). */
#define SCRIPT_DEPTH 5
/* The kernel looks at no more of a script (BINPRM_BUF_SIZE). */
#define SCRIPT_LINE 256

/* 0 if the file could be started, or the errno that execve(2) would give. */
static int startable(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return errno;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

int a407_target_find(const char *name, char out[PATH_MAX])
{
    const char *dir = getenv("PATH"), *end;
    char standard[128];
    int failed = ENOENT;

    *out = '\0';
    if (!*name)
        return ENOENT;
    if (strchr(name, '/')) {
        if (snprintf(out, PATH_MAX, "%s", name) >= PATH_MAX)
            return ENAMETOOLONG;
        return startable(out);
    }
    if (!dir) {
        /* glibc's execvp looks there when PATH is unset */
        if (!confstr(_CS_PATH, standard, sizeof(standard)))
            return ENOENT;
        dir = standard;
    }
    for (;; dir = end + 1) {
        int n, e;

        end = strchrnul(dir, ':');
        n = snprintf(out, PATH_MAX, "%.*s%s%s", (int)(end - dir), dir,
                     end > dir ? "/" : "", name);
        e = n < PATH_MAX ? startable(out) : ENAMETOOLONG;
        if (e == 0)
            return 0;
        if (e == EACCES)
            failed = EACCES; /* a later match still wins */
        if (!*end)
            break;
    }
    *out = '\0';
    return failed;
}

/* Whether execve would set AT_SECURE, so that ld.so drops the library. */
static bool runs_secure(int fd)
{
    struct statvfs fs;
    struct stat st;

    if (fstat(fd, &st) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
        (fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_NOSUID))
        return false;
    if (st.st_mode & S_ISUID && st.st_uid != getuid())
        return true;
    /* without the group's x bit, S_ISGID means mandatory locking */
    if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
        st.st_gid != getgid())
        return true;
    return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* glibc's dynamic linkers, by the names that its ports use. */
static bool is_glibc_linker(const char *path)
{
    const char *name = base_name(path);

    return strncmp(name, "ld-linux", 8) == 0 ||
           strncmp(name, "ld64.so.", 8) == 0 ||
           strncmp(name, "ld.so.", 6) == 0 || strncmp(name, "ld-2.", 5) == 0;
}

static enum a407_reach judge(const char *path, const struct a407_elf *e,
                             const struct a407_elf *library)
{
    if (e->class != library->class || e->data != library->data ||
        e->machine != library->machine)
        return A407_REACH_MACHINE;
    if (!*e->interpreter) /* ld.so has none itself, and honours LD_PRELOAD */
        return is_glibc_linker(path) ? A407_REACH_FULL : A407_REACH_STATIC;
    if (!is_glibc_linker(e->interpreter))
        return A407_REACH_LIBC;
    return e->go ? A407_REACH_GO : A407_REACH_FULL;
}

/* The next word of *line, NUL-terminated in place, or NULL. */
static char *next_word(char **line)
{
    char *word = *line + strspn(*line, " \t");

    if (!*word)
        return NULL;
    *line = word + strcspn(word, " \t");
    if (**line)
        *(*line)++ = '\0';
    return word;
}

/* The NAME of `env NAME`: its author means that program, not env. */
static const char *env_program(char *line)
{
    char *word;

    while ((word = next_word(&line))) {
        if (strcmp(word, "-S") == 0 || (*word != '-' && strchr(word, '=')))
            continue;
        /* other options may take a word of their own */
        return *word == '-' ? NULL : word;
    }
    return NULL;
}

/* What a script's first line starts: a name to look up, in `line`; or NULL. */
static const char *script_program(char *line)
{
    char *rest = line + 2, *program;
    const char *inner = NULL;

    rest[strcspn(rest, "\n")] = '\0';
    program = next_word(&rest);
    if (!program)
        return NULL;
    if (strcmp(base_name(program), "env") == 0)
        inner = env_program(rest);
    if (inner)
        return inner;
    if (strchr(program, '/'))
        return program;
    /* the kernel does not search PATH; the two bytes were the "#!" */
    memmove(line + 2, program, strlen(program) + 1);
    return memcpy(line, "./", 2);
}

/* A file that is no ELF file: returns what would read it, or NULL. */
static const char *inspect_text(int fd, char *line, struct a407_target *out)
{
    ssize_t n = pread(fd, line, SCRIPT_LINE - 1, 0);
    const char *program = NULL;

    line[n > 0 ? n : 0] = '\0';
    if (n < 0 || memchr(line, '\0', (size_t)n))
        return NULL;
    if (line[0] == '#' && line[1] == '!')
        program = script_program(line);
    out->shell = !program;
    /* what execvp(3) does with text that the kernel does not know */
    return program ? program : _PATH_BSHELL;
}

/* Reads the file at `path`. Returns the next program to look at, in `line`, or
   NULL when this one is the last. */
static const char *inspect_file(const char *path,
                                const struct a407_elf *library, char *line,
                                struct a407_target *out)
{
    struct a407_elf elf;
    const char *next = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    snprintf(out->binary, sizeof(out->binary), "%s", path);
    if (fd < 0)
        return NULL; /* --x: it starts all the same, and nothing is known */
    if (a407_elf_read(fd, &elf)) {
        out->reach = judge(path, &elf, library);
        out->secure = runs_secure(fd);
        snprintf(out->interpreter, sizeof(out->interpreter), "%s",
                 elf.interpreter);
        if (*elf.interpreter && access(elf.interpreter, F_OK) < 0)
            snprintf(out->missing, sizeof(out->missing), "%s", elf.interpreter);
    } else {
        next = inspect_text(fd, line, out);
    }
    close(fd);
    return next;
}

void a407_target_inspect(const char *name, const struct a407_elf *library,
                         struct a407_target *out)
{
    char line[SCRIPT_LINE], path[PATH_MAX];
    const char *next;
    bool shell;
    int depth;

    memset(out, 0, sizeof(*out));
    out->error = a407_target_find(name, out->path);
    if (out->error)
        return;
    next = inspect_file(out->path, library, line, out);
    shell = out->shell; /* of the first file: that is what is executed */
    for (depth = 0; next && depth < SCRIPT_DEPTH; depth++) {
        if (a407_target_find(next, path) != 0) {
            snprintf(out->missing, sizeof(out->missing), "%s", next);
            break;
        }
        next = inspect_file(path, library, line, out);
    }
    out->shell = shell;
}

#define STAYS "its 407s stay as they are"

void a407_target_warn(const struct a407_target *t)
{
    static const char *const why[] = {
        [A407_REACH_STATIC] = "is statically linked (Go, musl, ...): the "
                              "library can't be loaded into it",
        [A407_REACH_GO] = "is a Go program, which makes its own system calls: "
                          "the library does not see them",
        [A407_REACH_MACHINE] =
            "is built for another machine or word size than the library, "
            "which can't be loaded into it"};

    if (t->reach == A407_REACH_LIBC)
        a407_warning("%s is linked with a C library other than glibc (%s): it "
                     "is started without the library; " STAYS,
                     t->binary, t->interpreter);
    else if (why[t->reach])
        a407_warning("%s %s; " STAYS, t->binary, why[t->reach]);
    if (t->secure)
        a407_warning("%s gains privileges when it starts (setuid, setgid or "
                     "file capabilities), so the system won't load the "
                     "library into it; " STAYS,
                     t->binary);
}
