/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

#include "msg.h"

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

/* Whether there is what the command needs behind its options, and no more. */
static bool words_fit(const struct a407_invocation *inv)
{
    const char *name = a407_commands[inv->command];
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
    struct a407_option_reader r = {.letters = 0};
    int id;

    memset(out, 0, sizeof(*out));
    if (!*argv || !*++argv)
        return A407_PARSE_EMPTY;
    r.command = a407_command_find(*argv);
    out->named = r.command < A407_COMMANDS;
    out->command = r.command = out->named ? r.command : A407_CMD_RUN;
    r.argv = argv + out->named;
    id = a407_option_take(&r, out->values);
    out->all = id == A407_OPT_HELP_ALL;
    if (id == A407_OPT_HELP || out->all)
        return A407_PARSE_HELP;
    if (id == A407_OPT_VERSION)
        return A407_PARSE_VERSION;
    out->argv = r.argv - (id == A407_OPTION_WORD);
    if (id != A407_OPTION_WRONG && words_fit(out) && !sources_clash(out))
        return A407_PARSE_RUN;
    a407_option_hint(out->named ? out->command : A407_COMMANDS);
    return A407_PARSE_ERROR;
}
