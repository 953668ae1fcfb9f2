/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "login.h"
#include "msg.h"
#include "run.h"

/* A full disk or a closed pipe must not look like success. */
static int finish(FILE *f)
{
    if (fflush(f) == 0 && !ferror(f))
        return 0;
    a407_error("can't write to standard output");
    return A407_EXIT_FAILURE;
}

/* `help COMMAND` is the option of that command. False: said. */
static bool read_help(char **argv)
{
    static char option[] = "--help";
    static const char *const words[] = {
#define A407_COMMAND(name, about) name,
#include "commands.def"
#undef A407_COMMAND
    };
    size_t n = sizeof words / sizeof *words, i;
    const char *near;

    if (!argv[1] || strcmp(argv[1], "help") != 0)
        return true;
    if (!argv[2]) {
        argv[1] = option;
        return true;
    }
    for (i = 0; i < n; i++)
        if (strcmp(argv[2], words[i]) == 0) {
            argv[1] = argv[2];
            argv[2] = option;
            return true;
        }
    near = a407_suggest(argv[2], words, n);
    a407_error("there is no command `%s`%s%s", argv[2],
               near ? "; did you mean " : "", near ? near : "");
    return false;
}

/* Commands that have options of their own. -1: it is none of them. */
static int other_command(char **argv)
{
    const char *word = argv[1] ? argv[1] : "";

    if (strcmp(word, "report") == 0)
        return a407_part_start("auth407-report", argv + 1);
    if (strcmp(word, "doctor") == 0)
        return a407_part_start("auth407-doctor", argv + 1);
    return strcmp(word, "login") == 0 ? a407_login(argv + 1) : -1;
}

int main(int argc, char **argv)
{
    struct a407_invocation inv;
    int is;

    (void)argc;
    if (!read_help(argv))
        return A407_EXIT_FAILURE;
    is = other_command(argv);
    if (is >= 0)
        return is;
    switch (a407_options_parse(argv, &inv)) {
    case A407_PARSE_RUN:
        if (inv.command == A407_CMD_SHELL)
            return a407_shell(&inv);
        if (inv.command == A407_CMD_ENV)
            return a407_env(&inv);
        return a407_run(&inv);
    case A407_PARSE_HELP:
        a407_help(stdout, &inv);
        return finish(stdout);
    case A407_PARSE_VERSION:
        puts("auth407 " A407_VERSION);
        return finish(stdout);
    case A407_PARSE_EMPTY:
        a407_help_short(stderr);
        return A407_EXIT_FAILURE;
    case A407_PARSE_ERROR:
        break;
    }
    return A407_EXIT_FAILURE;
}
