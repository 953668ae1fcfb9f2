/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "login.h"
#include "msg.h"
#include "run.h"

/* `help COMMAND` is the option of that command. False: said. */
static bool read_help(char **argv)
{
    static char option[] = "--help";
    const char *near;

    if (!argv[1] || strcmp(argv[1], "help") != 0)
        return true;
    if (!argv[2] || strcmp(argv[2], "help") == 0) {
        argv[1] = option;
        return true;
    }
    if (a407_command_find(argv[2]) < A407_COMMANDS) {
        argv[1] = argv[2];
        argv[2] = option;
        return true;
    }
    near = a407_suggest(argv[2], a407_commands, A407_COMMANDS);
    if (near)
        a407_error("there is no command `%s`; did you mean `%s`?", argv[2],
                   near);
    else
        a407_error("there is no command `%s`: see `auth407 help`", argv[2]);
    return false;
}

int main(int argc, char **argv)
{
    struct a407_invocation inv;

    (void)argc;
    if (!read_help(argv))
        return A407_EXIT_FAILURE;
    switch (a407_command_find(argv[1] ? argv[1] : "")) {
    case A407_CMD_REPORT:
        return a407_part_start("auth407-report", argv + 1);
    case A407_CMD_DOCTOR:
        return a407_part_start("auth407-doctor", argv + 1);
    case A407_CMD_LOGIN:
        return a407_login(argv + 1);
    default:
        break;
    }
    switch (a407_options_parse(argv, &inv)) {
    case A407_PARSE_RUN:
        if (inv.command == A407_CMD_SHELL)
            return a407_shell(&inv);
        if (inv.command == A407_CMD_ENV)
            return a407_env(&inv);
        return a407_run(&inv);
    case A407_PARSE_HELP:
        if (a407_help(inv.named ? inv.command : A407_COMMANDS, inv.all))
            return 0;
        break;
    case A407_PARSE_VERSION:
        puts("auth407 " A407_VERSION);
        if (a407_msg_flush())
            return 0;
        break;
    case A407_PARSE_EMPTY:
        a407_help_short();
        break;
    case A407_PARSE_ERROR:
        break;
    }
    return A407_EXIT_FAILURE;
}
