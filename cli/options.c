/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

#include "msg.h"

const struct a407_option a407_options[A407_OPT_COUNT] = {
#define A407_OPTION(id, name, letter, value, kind, variable, in, help)         \
    {name, letter, value, A407_KIND_##kind, variable, A407_OPT_IN_##in, help},
#include "options.def"
#undef A407_OPTION
};

static const char *const command_names[] = {"run", "observe"};

/* "--name" without the value that may follow: it could be a secret. */
static int name_length(const char *word)
{
    size_t n = strcspn(word, "=");

    return n > 64 ? 64 : (int)n;
}

static enum a407_parse usage_error(const struct a407_invocation *inv)
{
    a407_error("try `auth407 %s%s--help`",
               inv->named ? command_names[inv->command] : "",
               inv->named ? " " : "");
    return A407_PARSE_ERROR;
}

static enum a407_parse unknown_option(const struct a407_invocation *inv,
                                      const char *word)
{
    const char *names[A407_OPT_COUNT], *near;
    char name[65];
    size_t n = 0, i;
    int len = name_length(word);

    for (i = 0; i < A407_OPT_COUNT; i++)
        if (a407_options[i].in & 1u << inv->command)
            names[n++] = a407_options[i].name;
    memcpy(name, word, (size_t)len);
    name[len] = '\0';
    near = a407_suggest(name + strspn(name, "-"), names, n);
    if (near)
        a407_error("unknown option `%s`; did you mean `--%s`?", name, near);
    else
        a407_error("unknown option `%s`", name);
    return usage_error(inv);
}

/* The option that `name` (n bytes) spells, or A407_OPT_COUNT. */
static size_t find_option(const char *name, size_t n)
{
    size_t i;

    for (i = 0; i < A407_OPT_COUNT; i++)
        if (strlen(a407_options[i].name) == n &&
            memcmp(a407_options[i].name, name, n) == 0)
            break;
    return i;
}

static enum a407_parse take_flag(struct a407_invocation *inv, size_t id)
{
    inv->values[id] = "";
    if (id == A407_OPT_HELP)
        return A407_PARSE_HELP;
    if (id == A407_OPT_VERSION)
        return A407_PARSE_VERSION;
    return A407_PARSE_RUN;
}

/* "--name", "--name=value" or "--name" "value"; moves *argv past them. */
static enum a407_parse take_long(struct a407_invocation *inv, char ***argv)
{
    const char *word = *(*argv)++;
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    size_t id = find_option(name, n);

    if (id == A407_OPT_COUNT)
        return unknown_option(inv, word);
    if (!(a407_options[id].in & 1u << inv->command)) {
        a407_error("`--%s` is no option of `%s`", a407_options[id].name,
                   command_names[inv->command]);
        return usage_error(inv);
    }
    if (a407_options[id].kind == A407_KIND_FLAG) {
        if (!equals)
            return take_flag(inv, id);
        a407_error("`--%s` takes no value", a407_options[id].name);
        return usage_error(inv);
    }
    if (equals) {
        inv->values[id] = equals + 1;
        return A407_PARSE_RUN;
    }
    /* "--" is far more often a forgotten value than one that is meant */
    if (!**argv || strcmp(**argv, "--") == 0) {
        a407_error("`--%s` needs a value: --%s %s", a407_options[id].name,
                   a407_options[id].name, a407_options[id].value);
        return usage_error(inv);
    }
    inv->values[id] = *(*argv)++;
    return A407_PARSE_RUN;
}

/* "-qv": letters stand for flags only. */
static enum a407_parse take_letters(struct a407_invocation *inv, char ***argv)
{
    const char *word = *(*argv)++, *letter;
    enum a407_parse r = A407_PARSE_RUN;

    for (letter = word + 1; *letter && r == A407_PARSE_RUN; letter++) {
        size_t id;

        for (id = 0; id < A407_OPT_COUNT; id++)
            if (a407_options[id].letter == *letter)
                break;
        if (id < A407_OPT_COUNT) {
            r = take_flag(inv, id);
            continue;
        }
        if (find_option(word + 1, strcspn(word + 1, "=")) < A407_OPT_COUNT)
            return unknown_option(inv, word);
        a407_error("unknown option `-%c`", *letter);
        return usage_error(inv);
    }
    return r;
}

/* Two sources of one value: which of them is meant can't be known. */
static bool sources_clash(const struct a407_invocation *inv)
{
    size_t i, k;

    for (i = 0; i < A407_OPT_COUNT; i++)
        for (k = i + 1; k < A407_OPT_COUNT; k++)
            if (inv->values[i] && inv->values[k] && a407_options[i].variable &&
                a407_options[k].variable &&
                strcmp(a407_options[i].variable, a407_options[k].variable) ==
                    0) {
                a407_error("`--%s` and `--%s` set the same thing: give one",
                           a407_options[i].name, a407_options[k].name);
                return true;
            }
    return false;
}

/* Names kept for commands to come, so that no script relies on another use. */
static bool reserved(const char *word)
{
    return strcmp(word, "doctor") == 0 || strcmp(word, "login") == 0;
}

enum a407_parse a407_options_parse(char **argv, struct a407_invocation *out)
{
    enum a407_parse r = A407_PARSE_RUN;
    bool ended = false;

    memset(out, 0, sizeof(*out));
    if (!*argv || !*++argv)
        return A407_PARSE_EMPTY;
    if (strcmp(*argv, "run") == 0 || strcmp(*argv, "observe") == 0) {
        out->command = **argv == 'o' ? A407_CMD_OBSERVE : A407_CMD_RUN;
        out->named = true;
        argv++;
    } else if (reserved(*argv)) {
        a407_error("`%s` is not in this version; a program of that name starts "
                   "with `auth407 -- %s`",
                   *argv, *argv);
        return usage_error(out);
    }
    while (r == A407_PARSE_RUN && *argv && !ended && **argv == '-') {
        if (strcmp(*argv, "--") == 0) {
            ended = true;
            argv++;
        } else if ((*argv)[1] == '-') {
            r = take_long(out, &argv);
        } else if ((*argv)[1] == '\0') {
            break; /* "-" alone is a word */
        } else {
            r = take_letters(out, &argv);
        }
    }
    if (r != A407_PARSE_RUN)
        return r;
    if (!*argv) {
        a407_error("no command to run: write it after `--`");
        return usage_error(out);
    }
    out->argv = argv;
    return sources_clash(out) ? usage_error(out) : A407_PARSE_RUN;
}
