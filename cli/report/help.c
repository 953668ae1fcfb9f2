/* SPDX-License-Identifier: MIT */
#include "cli/options.h"
#include "options.h"

static const char usage[] =
    "Usage:\n"
    "  auth407 report [OPTION...] [FILE...]\n"
    "\n"
    "Says what the JSON lines of auth407 add up to: first the programs that\n"
    "dropped the header, with the library in them that made the call and the\n"
    "line that would fix it; then tables per binary, module, proxy, cause and\n"
    "user.\n"
    "\n"
    "Reads each FILE, standard input for \"-\", or, without FILE, standard "
    "input\n"
    "if it is a pipe or a file, else the log that AUTH407_LOG names or the\n"
    "default one, and the generation that it keeps (FILE.1).\n"
    "\n"
    "Examples:\n"
    "  auth407 report\n"
    "      what happened, from the default log\n"
    "  auth407 report --since today --binary 'python*'\n"
    "      only Python programs, only today\n"
    "  auth407 report --follow\n"
    "      each 407 as it happens\n"
    "  auth407 report --format json ci.jsonl >report.json\n"
    "      for a program to read; see docs/report-schema.json\n"
    "\n"
    "Options:\n";

static const char rest[] =
    "\nExit status:\n"
    "  0  no program was left with a 407\n"
    "  1  at least one was: its outcome is unresolved, not_retried, or "
    "observed\n"
    "     with a refusal as the last answer\n"
    "  2  a mistake in the options, or something can't be read or written\n"
    "\n"
    "Files:\n"
    "  $XDG_STATE_HOME/auth407/407.jsonl     the log\n"
    "      (~/.local/state/auth407/407.jsonl)\n"
    "\n"
    "More: man auth407\n";

void a407_report_help(FILE *f)
{
    size_t i;

    fputs(usage, f);
    for (i = 0; i < A407_REPORT_OPT_COUNT; i++)
        a407_help_option(f, &a407_report_option_table[i]);
    fputs(rest, f);
}
