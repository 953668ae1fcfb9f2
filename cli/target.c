/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"

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

/* The NAME of `env NAME`: its author means that program, not env. */
static const char *env_program(char *line)
{
    char *word;

    while ((word = a407_next_word(&line))) {
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

    program = a407_next_word(&rest);
    if (!program)
        return NULL;
    if (strcmp(basename(program), "env") == 0)
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
static const char *inspect_text(const struct a407_head *head, char *line,
                                struct a407_target *out)
{
    const char *program = NULL;
    size_t n = head->n < A407_SCRIPT_LINE ? head->n : A407_SCRIPT_LINE - 1;

    if (memchr(head->bytes, '\0', n))
        return NULL;
    if (a407_script_line(head, line))
        program = script_program(line);
    out->shell = !program;
    /* what execvp(3) does with text that the kernel does not know */
    return program ? program : _PATH_BSHELL;
}

/* Reads the file at `path`. Returns the next program to look at, in `line`, or
   NULL when this one is the last. */
static const char *inspect_file(const char *path,
                                const struct a407_elf_kind *library, char *line,
                                struct a407_target *out)
{
    struct a407_head head;
    struct a407_elf elf;
    const char *next = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    snprintf(out->binary, sizeof(out->binary), "%s", path);
    if (fd < 0)
        return NULL; /* --x: it starts all the same, and nothing is known */
    a407_head_read(&head, fd);
    if (a407_elf_read(&head, true, &elf)) {
        out->reach = a407_reach_judge(path, &elf, library);
        out->secure = a407_reach_secure(fd, true);
        snprintf(out->interpreter, sizeof(out->interpreter), "%s",
                 elf.interpreter);
        if (*elf.interpreter && access(elf.interpreter, F_OK) < 0)
            snprintf(out->missing, sizeof(out->missing), "%s", elf.interpreter);
    } else {
        next = inspect_text(&head, line, out);
    }
    close(fd);
    return next;
}

void a407_target_inspect(const char *name, const struct a407_elf_kind *library,
                         struct a407_target *out)
{
    char line[A407_SCRIPT_LINE], path[PATH_MAX];
    const char *next;
    bool shell;
    int depth;

    memset(out, 0, sizeof(*out));
    out->error = a407_target_find(name, out->path);
    if (out->error)
        return;
    next = inspect_file(out->path, library, line, out);
    shell = out->shell; /* of the first file: that is what is executed */
    for (depth = 0; next && depth < A407_SCRIPT_DEPTH; depth++) {
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
    if (t->reach == A407_REACH_LIBC)
        a407_warning("%s is linked with a C library other than glibc (%s): it "
                     "is started without the library; " STAYS,
                     t->binary, t->interpreter);
    else if (t->reach)
        a407_warning("%s %s; " STAYS, t->binary, a407_reach_words(t->reach));
    if (t->secure)
        a407_warning("%s %s; " STAYS, t->binary,
                     a407_reach_words(A407_REACH_SECURE));
}
