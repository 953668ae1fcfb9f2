/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/log_target.h"
#include "host/file_at.h"
#include "host/not_covered.h"
#include "last_run.h"
#include "msg.h"
#include "settings.h"

/* musl's dynamic linker ends a program whose preloaded library needs glibc; all
   others start it without what they can't load. */
static bool set_preload(const char *library, const struct a407_target *t)
{
    bool load = t->reach != A407_REACH_LIBC;
    char *value = a407_library_preload(library, getenv("LD_PRELOAD"), load);
    bool good = value && (*value ? setenv("LD_PRELOAD", value, 1)
                                 : unsetenv("LD_PRELOAD")) == 0;

    if (!good)
        a407_error("can't set LD_PRELOAD: out of memory");
    free(value);
    return good;
}

/* What somebody who typed this word first may have meant. */
static void hint(const struct a407_invocation *inv)
{
    const char *words[] = {[A407_COMMANDS] = "help", "version"};
    const char *name = inv->argv[0], *near;

    memcpy(words, a407_commands, sizeof a407_commands);
    if (!strchr(name, '/') && access(name, X_OK) == 0)
        a407_error("there is a file of that name in this folder: ./%s", name);
    near = inv->named ? NULL : a407_suggest(name, words, A407_COMMANDS + 2);
    if (!near)
        return;
    if (strcmp(near, "version") == 0)
        a407_error("did you mean `auth407 --version`?");
    else if (strcmp(near, name) == 0)
        a407_error("`%s` stands before the options: auth407 %s [OPTION...]",
                   near, near);
    else
        a407_error("did you mean `auth407 %s`?", near);
}

static void start(char **argv, const struct a407_target *t)
{
    /* What the kernel does not know execvp(3) gives to a shell. Only text is
       for that: a program of another machine or a damaged one would be read as
       commands, and a ">" in it makes files. */
    if (t->error || t->shell)
        execvp(argv[0], argv);
    else
        execv(t->path, argv);
}

static int start_failed(const struct a407_invocation *inv,
                        const struct a407_target *t)
{
    int e = errno;
    const char *name = inv->argv[0];

    if (e == ENOENT && !t->error && *t->missing) {
        a407_error("%s: its interpreter %s is not there", name, t->missing);
        return A407_EXIT_NOT_EXECUTABLE;
    }
    if (e != ENOENT) {
        a407_error("%s: can't be executed: %s", name, strerror(e));
        return A407_EXIT_NOT_EXECUTABLE;
    }
    a407_error("%s: command not found", name);
    hint(inv);
    return A407_EXIT_NOT_FOUND;
}

/* Not opened if it is there: the reader of a FIFO would see it end. */
static bool writable(struct a407_at *at, bool make)
{
    struct stat st;
    int fd;

    if (!at->magic && a407_at_stat(at, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return false;
    }
    if (at->why)
        return false;
    if (faccessat(at->folder, at->name, W_OK, 0) == 0)
        return true;
    if (errno != ENOENT || !make)
        return errno == ENOENT;
    fd = a407_at_open(at, O_WRONLY | O_APPEND | O_NONBLOCK | O_CREAT);
    return fd >= 0 && close(fd) == 0;
}

/* Warns if lines can't be added to the log's file. With `make`, for a file that
   was named, it and its folders are made: it can be read even if no 407 comes.
 */
static void prepare_log(const char *log, bool make)
{
    struct a407_at at;
    bool good;

    if (a407_log_is_word(log))
        return;
    if (a407_at_find(&at, log, make ? A407_AT_MAKE : 0))
        good = writable(&at, make);
    else
        good = errno == ENOENT && !make; /* its folders will be made */
    if (!good && at.why)
        a407_warning("nothing can be logged to %s: %s %s", log, at.name,
                     at.why);
    else if (!good)
        a407_warning("nothing can be logged to %s: %s", log, strerror(errno));
    a407_at_close(&at);
}

/* The library will not use a folder that other users could exchange. */
static void check_state(const char *folder)
{
    char path[PATH_MAX];
    struct a407_at at;

    if (!folder || (size_t)snprintf(path, sizeof path, "%s/refused/x",
                                    folder) >= sizeof path)
        return;
    a407_at_find(&at, path, 0);
    if (at.why)
        a407_warning("refused credentials can't be noted in %s, and may be "
                     "sent again: %s %s",
                     folder, at.name, at.why);
    a407_at_close(&at);
}

int a407_run(const struct a407_invocation *inv)
{
    char library[PATH_MAX];
    struct a407_elf elf;
    struct a407_settings settings;
    struct a407_target target;

    if (inv->values[A407_OPT_QUIET])
        a407_msg_quiet();
    if (!a407_library_find(library, &elf) || !a407_settings_apply(inv) ||
        !a407_settings_check(inv, &settings))
        return A407_EXIT_FAILURE;
    a407_target_inspect(inv->argv[0], &elf.kind, &target);
    if (inv->values[A407_OPT_VERBOSE]) {
        a407_note("library: %s", library);
        if (!target.error)
            a407_note("command: %s", target.path);
        a407_settings_show(&settings);
    }
    if (!target.error && settings.config->mode != A407_MODE_OFF) {
        a407_target_warn(&target);
        prepare_log(settings.config->log, inv->values[A407_OPT_LOG] != NULL);
        check_state(settings.config->state_dir);
    }
    if (!inv->aside && isatty(STDERR_FILENO))
        setenv("AUTH407_NOTIFY", "tty", 0);
    if ((!inv->aside && !a407_last_run_begin(settings.config, inv)) ||
        !set_preload(library, &target))
        return A407_EXIT_FAILURE;
    if (target.reach || target.secure)
        a407_not_covered_write(&(struct a407_not_covered){
            .reach = target.reach ? target.reach : A407_REACH_SECURE,
            .path = target.binary,
            .argv = inv->argv,
            .envp = environ,
            .pid = getpid()});
    a407_config_free(settings.config);
    start(inv->argv, &target);
    return start_failed(inv, &target);
}
