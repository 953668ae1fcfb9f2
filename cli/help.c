/* SPDX-License-Identifier: MIT */
#include "options.h"

static const char usage_run[] =
    "  auth407 [run] [OPTION...] [--] COMMAND [ARG...]\n";
static const char usage_observe[] =
    "  auth407 observe [OPTION...] [--] COMMAND [ARG...]\n";
static const char usage_rest[] = "  auth407 report [OPTION...] [FILE...]\n"
                                 "  auth407 login [OPTION...] PROXY\n"
                                 "  auth407 doctor [OPTION...] [PROXY-URL]\n"
                                 "  auth407 --help | --version\n";

static const char about[] =
    "\nRuns COMMAND with a library that answers an HTTP proxy's 407 (Proxy\n"
    "Authentication Required) in its place, and writes one JSON line for each\n"
    "407: which program met it, why, and what became of it.\n"
    "\n"
    "  run      answer 407s; needs not be written\n"
    "  observe  change nothing that is sent: only write what happens\n"
    "  report   say what the JSON lines add up to; auth407 report --help\n"
    "  login    ask for a credential, and keep it; auth407 login --help\n"
    "  doctor   why a proxy says 407, and what to do; auth407 doctor --help\n";

static const char about_run[] =
    "\nRuns COMMAND and answers the 407s (Proxy Authentication Required) that\n"
    "HTTP proxies send to it and to the programs that it starts.\n";

static const char about_observe[] =
    "\nRuns COMMAND, changes nothing that it sends, and writes one JSON line\n"
    "for each 407 (Proxy Authentication Required): which program met it, and\n"
    "why.\n";

static const char examples_run[] =
    "  auth407 -- curl https://example.org/\n"
    "      logs in with the user:password@ of http_proxy, https_proxy or\n"
    "      all_proxy, even where the program drops it\n"
    "  auth407 run --username alice --password-file pw -- ./build.sh\n"
    "      every program that the script starts logs in as alice\n";

static const char examples_observe[] =
    "  auth407 observe --log stderr -- ./build.sh\n"
    "      shows which program of a script meets a 407, and why\n";

static const char rest[] =
    "\nExit status:\n"
    "  125  auth407 itself failed: its options, settings, files or library\n"
    "  126  COMMAND was found but can't be executed\n"
    "  127  COMMAND was not found\n"
    "  else that of COMMAND: auth407 turns into it, so its exit status and "
    "the\n"
    "       signal that ends it are its own (a shell shows 128+N for signal "
    "N)\n"
    "\nFiles:\n"
    "  $XDG_CONFIG_HOME/auth407/credentials  credential file, mode 0600\n"
    "      (~/.config/auth407/credentials)\n"
    "  $XDG_STATE_HOME/auth407/407.jsonl     the JSON lines\n"
    "      (~/.local/state/auth407/407.jsonl)\n"
    "  libauth407.so, auth407-report  beside auth407 or in ../lib/auth407\n"
    "      from there; AUTH407_LIBRARY names another library\n"
    "\nMore: man auth407, man auth407-credentials\n";

void a407_help(FILE *f, const struct a407_invocation *inv)
{
    bool run = !inv->named || inv->command == A407_CMD_RUN;
    bool observe = !inv->named || inv->command == A407_CMD_OBSERVE;
    const char *const parts[] = {"Usage:\n",
                                 run ? usage_run : "",
                                 observe ? usage_observe : "",
                                 inv->named ? "" : usage_rest,
                                 !inv->named ? about
                                 : run       ? about_run
                                             : about_observe,
                                 "\nExamples:\n",
                                 run ? examples_run : "",
                                 observe ? examples_observe : "",
                                 "\nOptions, which win over the variables in "
                                 "parentheses:\n"};
    unsigned in =
        (run ? A407_OPT_IN_RUN : 0) | (observe ? A407_OPT_IN_OBSERVE : 0);
    size_t i;

    for (i = 0; i < sizeof parts / sizeof *parts; i++)
        fputs(parts[i], f);
    for (i = 0; i < A407_OPT_COUNT; i++)
        if (a407_options[i].in & in)
            a407_help_option(f, &a407_options[i]);
    fputs(rest, f);
}

void a407_help_short(FILE *f)
{
    fprintf(f,
            "Usage:\n%s%s%s\nRuns COMMAND and answers its HTTP proxy's 407s. "
            "More: auth407 --help\n",
            usage_run, usage_observe, usage_rest);
}
