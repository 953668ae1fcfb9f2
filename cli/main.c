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

int main(int argc, char **argv)
{
    struct a407_invocation inv;

    if (argc > 1 && strcmp(argv[1], "report") == 0)
        return a407_part_start("auth407-report", argv + 1);
    if (argc > 1 && strcmp(argv[1], "doctor") == 0)
        return a407_part_start("auth407-doctor", argv + 1);
    if (argc > 1 && strcmp(argv[1], "login") == 0)
        return a407_login(argv + 1);
    switch (a407_options_parse(argv, &inv)) {
    case A407_PARSE_RUN:
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
