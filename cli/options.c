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

enum a407_parse a407_options_parse(char **argv, struct a407_invocation *out)
{
    struct a407_option_reader r = {.options = a407_options,
                                   .n = A407_OPT_COUNT};
    int id;

    memset(out, 0, sizeof(*out));
    if (!*argv || !*++argv)
        return A407_PARSE_EMPTY;
    if (strcmp(*argv, "run") == 0 || strcmp(*argv, "observe") == 0) {
        out->command = **argv == 'o' ? A407_CMD_OBSERVE : A407_CMD_RUN;
        out->named = true;
        argv++;
    }
    r.argv = argv;
    r.in = 1u << out->command;
    r.command = command_names[out->command];
    while ((id = a407_option_next(&r)) >= 0) {
        out->values[id] = r.value;
        if (id == A407_OPT_HELP)
            return A407_PARSE_HELP;
        if (id == A407_OPT_VERSION)
            return A407_PARSE_VERSION;
    }
    if (id == A407_OPTION_WRONG)
        return usage_error(out);
    out->argv = r.argv;
    if (*out->argv)
        return sources_clash(out) ? usage_error(out) : A407_PARSE_RUN;
    a407_error("no command to run: write it after `--`");
    return usage_error(out);
}
