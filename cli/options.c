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

static const char *const command_names[] = {"run", "observe", "shell", "env"};

const char *a407_command_name(enum a407_command c)
{
    return command_names[c];
}

static enum a407_parse usage_error(const struct a407_invocation *inv)
{
    a407_error("try `auth407 %s%s--help`",
               inv->named ? command_names[inv->command] : "",
               inv->named ? " " : "");
    return A407_PARSE_ERROR;
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

static bool take_command(const char *word, struct a407_invocation *out)
{
    size_t i;

    for (i = 0; i < sizeof command_names / sizeof *command_names; i++)
        if (strcmp(word, command_names[i]) == 0) {
            out->command = (enum a407_command)i;
            out->named = true;
        }
    return out->named;
}

/* Whether there is what the command needs behind its options, and no more. */
static bool words_fit(const struct a407_invocation *inv)
{
    const char *name = command_names[inv->command];
    bool takes =
        inv->command == A407_CMD_RUN || inv->command == A407_CMD_OBSERVE;

    if (takes && !*inv->argv)
        a407_error("no command to run: write it after `--`");
    else if (!takes && *inv->argv)
        a407_error("`auth407 %s` takes no command; a program of that name "
                   "starts with `auth407 -- %s`",
                   name, name);
    else
        return true;
    return false;
}

enum a407_parse a407_options_parse(char **argv, struct a407_invocation *out)
{
    struct a407_option_reader r = {.options = a407_options,
                                   .n = A407_OPT_COUNT};
    int id;

    memset(out, 0, sizeof(*out));
    if (!*argv || !*++argv)
        return A407_PARSE_EMPTY;
    r.argv = argv + take_command(*argv, out);
    r.in = A407_OPT_IN(out->command);
    r.command = command_names[out->command];
    while ((id = a407_option_next(&r)) >= 0) {
        out->values[id] = r.value;
        out->all = id == A407_OPT_HELP_ALL;
        if (id == A407_OPT_HELP || out->all)
            return A407_PARSE_HELP;
        if (id == A407_OPT_VERSION)
            return A407_PARSE_VERSION;
    }
    out->argv = r.argv;
    return id != A407_OPTION_WRONG && words_fit(out) && !sources_clash(out)
               ? A407_PARSE_RUN
               : usage_error(out);
}
