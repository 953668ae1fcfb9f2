/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "settings.h"
#include "target.h"

/*
 * musl's dynamic linker ends a program whose preloaded library needs glibc; all
 * others start it without what they can't load.
 */
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

static void show(const struct a407_settings *s, const char *library,
                 const struct a407_target *t)
{
    a407_note("library: %s", library);
    if (!t->error)
        a407_note("command: %s", t->path);
    a407_settings_show(s);
}

/* What somebody who typed this word first may have meant. */
static void hint(const struct a407_invocation *inv)
{
    static const char *const words[] = {"run", "observe", "report", "help",
                                        "version"};
    const char *name = inv->argv[0], *near;
    size_t n = sizeof(words) / sizeof(*words);

    if (!strchr(name, '/') && access(name, X_OK) == 0)
        a407_error("there is a file of that name in this folder: ./%s", name);
    near = inv->named ? NULL : a407_suggest(name, words, n);
    if (!near)
        return;
    if (strcmp(near, "help") == 0 || strcmp(near, "version") == 0)
        a407_error("did you mean `auth407 --%s`?", near);
    else if (strcmp(near, name) == 0)
        a407_error("`%s` stands before the options: auth407 %s [OPTION...]",
                   near, near);
    else
        a407_error("did you mean `auth407 %s`?", near);
}

static void start(char **argv, const struct a407_target *t)
{
    /*
     * What the kernel does not know execvp(3) gives to a shell. Only text is
     * for that: a program of another machine or a damaged one would be read as
     * commands, and a ">" in it makes files.
     */
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
    a407_target_inspect(inv->argv[0], &elf, &target);
    if (inv->values[A407_OPT_VERBOSE])
        show(&settings, library, &target);
    if (!target.error && settings.config->mode != A407_MODE_OFF) {
        a407_target_warn(&target);
        a407_log_file_prepare(settings.config->log,
                              inv->values[A407_OPT_LOG] != NULL);
        a407_state_check(settings.config->state_dir);
    }
    a407_config_free(settings.config);
    if (!set_preload(library, &target))
        return A407_EXIT_FAILURE;
    start(inv->argv, &target);
    return start_failed(inv, &target);
}
