/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "host/fd.h"
#include "host/handed.h"
#include "last_run.h"
#include "msg.h"
#include "run.h"
#include "settings.h"

/* `auth407 env` and `auth407 shell`: the library for a whole session. */

/* The names that env has set, for undo. */
#define NAMES  "AUTH407_ENV"
#define RUN    "AUTH407_RUN"
#define NOTIFY "AUTH407_NOTIFY"
#define MARKER "(auth407) "

enum syntax { SH, FISH, PLAIN, SYNTAXES };
static const char *const syntax_names[SYNTAXES] = {"sh", "fish", "plain"};

static void add_quoted(struct a407_buf *out, const char *value, enum syntax x)
{
    if (x == PLAIN) {
        a407_buf_str(out, value);
        return;
    }
    a407_buf_str(out, "'");
    for (; *value; value++) {
        if (*value == '\'' || (x == FISH && *value == '\\'))
            a407_buf_str(out, x == FISH ? "\\" : "'\\");
        a407_buf_add(out, value, 1);
        if (*value == '\'' && x == SH)
            a407_buf_str(out, "'");
    }
    a407_buf_str(out, "'");
}

static void add_set(struct a407_buf *out, const char *name, const char *value,
                    enum syntax x)
{
    a407_buf_str(out, x == SH ? "export " : x == FISH ? "set -gx " : "");
    a407_buf_fmt(out, "%s%s", name, x == FISH ? " " : "=");
    add_quoted(out, value, x);
    a407_buf_str(out, x == PLAIN ? "\n" : ";\n");
}

static void add_unset(struct a407_buf *out, const char *name, enum syntax x)
{
    a407_buf_str(out, x == SH ? "unset " : x == FISH ? "set -e " : "");
    a407_buf_fmt(out, "%s%s\n", name, x == PLAIN ? "=" : ";");
}

/* A prompt that begins with the marker, once, where there is one. */
static const char *const mark[] = {
    [SH] = "case $- in *i*) case ${PS1-} in \"" MARKER "\"*) ;; *) "
           "PS1=\"" MARKER "${PS1-}\";; esac;; esac;\n",
    [FISH] =
        "if status is-interactive; and not functions -q __auth407_prompt; "
        "functions -c fish_prompt __auth407_prompt; "
        "function fish_prompt; printf '" MARKER "'; __auth407_prompt; end; "
        "end;\n",
    [PLAIN] = ""};
static const char *const unmark[] = {
    [SH] = "PS1=${PS1-}; PS1=${PS1#\"" MARKER "\"};\n",
    [FISH] = "if functions -q __auth407_prompt; functions -e fish_prompt; "
             "functions -c __auth407_prompt fish_prompt; "
             "functions -e __auth407_prompt; end;\n",
    [PLAIN] = ""};

static bool syntax_of(const struct a407_invocation *inv, enum syntax *out)
{
    const char *named = inv->values[A407_OPT_SHELL], *shell = getenv("SHELL");
    const char *slash = shell ? strrchr(shell, '/') : NULL;

    *out = slash && strcmp(slash, "/fish") == 0 ? FISH : SH;
    for (int i = 0; named && i < SYNTAXES; i++)
        if (strcmp(named, syntax_names[i]) == 0) {
            *out = (enum syntax)i;
            return true;
        }
    if (named)
        a407_error("`--shell %s`: write sh (for bash and zsh, too), fish or "
                   "plain",
                   named);
    return !named;
}

/* The value of LD_PRELOAD with the library or, to undo it, without. */
static bool add_preload(struct a407_buf *out, bool load, enum syntax x)
{
    char library[PATH_MAX], *value;
    const char *old = getenv("LD_PRELOAD");
    struct a407_elf elf;
    bool good;

    if (!a407_library_find(library, &elf))
        return false;
    value = a407_library_preload(library, old, load);
    if (value && *value)
        add_set(out, "LD_PRELOAD", value, x);
    else if (value && (old || x == PLAIN))
        add_unset(out, "LD_PRELOAD", x);
    good = value != NULL;
    free(value);
    return good;
}

static bool set_up(const struct a407_invocation *inv, struct a407_buf *out,
                   enum syntax x)
{
    struct a407_settings settings;
    struct a407_buf names;
    bool good;
    size_t i;

    if (!a407_settings_apply(inv) || !a407_settings_check(inv, &settings))
        return false;
    good = a407_last_run_begin(settings.config, inv);
    a407_config_free(settings.config);
    if (!good)
        return false;
    add_set(out, RUN, getenv(RUN), x);
    a407_buf_init(&names, 4096);
    a407_buf_str(&names, RUN);
    if (!getenv(NOTIFY) && isatty(STDERR_FILENO) && x != PLAIN) {
        add_set(out, NOTIFY, "tty", x); /* as run does */
        a407_buf_str(&names, " " NOTIFY);
    }
    for (i = 0; i < A407_OPT_COUNT; i++) {
        const char *name = a407_options[i].variable;

        if (!inv->values[i] || !name)
            continue;
        add_set(out, name, getenv(name), x);
        a407_buf_fmt(&names, " %s", name);
    }
    a407_buf_add(&names, "", 1);
    if (!names.failed)
        add_set(out, NAMES, names.p, x);
    out->failed |= names.failed;
    a407_buf_free(&names);
    a407_buf_str(out, mark[x]);
    return add_preload(out, true, x);
}

static bool is_ours(struct a407_span name)
{
    bool good = a407_span_begins(name, "AUTH407_");

    for (size_t i = 0; i < name.n; i++)
        good = good && (a407_is_alnum(name.p[i]) || name.p[i] == '_');
    return good;
}

static bool undo(struct a407_buf *out, enum syntax x)
{
    struct a407_span list = a407_span_str(getenv(NAMES)), name;
    char word[64];

    while (a407_span_cut(&list, ' ', &name))
        if (is_ours(name) && name.n < sizeof word) {
            a407_put(word, sizeof word, name);
            add_unset(out, word, x);
        }
    add_unset(out, NAMES, x);
    a407_buf_str(out, unmark[x]);
    return add_preload(out, false, x);
}

int a407_env(const struct a407_invocation *inv)
{
    struct a407_buf out;
    enum syntax x;
    bool good;

    if (inv->values[A407_OPT_QUIET])
        a407_msg_quiet();
    if (!syntax_of(inv, &x))
        return A407_EXIT_FAILURE;
    a407_buf_init(&out, SIZE_MAX);
    good = inv->values[A407_OPT_UNDO] ? undo(&out, x) : set_up(inv, &out, x);
    if (good && (out.failed || fwrite(out.p, 1, out.n, stdout) != out.n ||
                 fflush(stdout) != 0)) {
        a407_error("can't write to standard output");
        good = false;
    }
    if (good && isatty(STDOUT_FILENO) && x != PLAIN)
        a407_note("these lines are for eval: %s",
                  x == SH ? "eval \"$(auth407 env)\"" : "auth407 env | source");
    a407_buf_free(&out);
    return good ? 0 : A407_EXIT_FAILURE;
}

/* ---- shell ---- */

/* bash reads its start file, and then this: a file without a name. */
static bool bash_file(char path[static 32])
{
    static const char text[] = "[ ! -r ~/.bashrc ] || . ~/.bashrc\n"
                               "PS1=\"" MARKER "${PS1-}\"\n";
    int fd = a407_fd_sealed(text, sizeof text - 1);
    int kept = fd < 0 ? -1 : dup(fd); /* without close-on-exec */

    if (fd >= 0)
        close(fd);
    snprintf(path, 32, "/dev/fd/%d", kept);
    return kept >= 0;
}

int a407_shell(const struct a407_invocation *inv)
{
    static char interactive[] = "-i", rcfile[] = "--rcfile", command[] = "-C",
                plain[] = "/bin/sh", fish[1024];
    struct a407_invocation run = *inv;
    char *shell = getenv("SHELL"), *name, file[32];
    char *argv[5] = {shell && *shell ? shell : plain, NULL};

    if (getenv(RUN) && !inv->values[A407_OPT_QUIET])
        a407_note("programs are run so in this shell already; `exit` leads "
                  "back to it");
    name = strrchr(argv[0], '/');
    name = name ? name + 1 : argv[0];
    if (strcmp(name, "bash") == 0 && bash_file(file)) {
        argv[1] = rcfile;
        argv[2] = file;
        argv[3] = interactive;
    } else if (strcmp(name, "fish") == 0) {
        snprintf(fish, sizeof fish, "%s", mark[FISH]);
        argv[1] = command;
        argv[2] = fish;
    } else {
        setenv("PS1", MARKER "$ ", 1);
        argv[1] = interactive;
    }
    run.argv = argv;
    return a407_run(&run);
}
