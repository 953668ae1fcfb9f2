/* SPDX-License-Identifier: MIT */
#include "options.h"

static const char usage_run[] =
    "  auth407 [run] [OPTION...] [--] COMMAND [ARG...]\n";
static const char usage_observe[] =
    "  auth407 observe [OPTION...] [--] COMMAND [ARG...]\n";
static const char usage_shell[] = "  auth407 shell [OPTION...]\n";
static const char usage_env[] = "  eval \"$(auth407 env [OPTION...])\"\n";

/* What a screen has room for. */
static const char screen[] =
    "Usage: auth407 [run] [OPTION...] [--] COMMAND [ARG...]\n"
    "       auth407 COMMAND-BELOW [OPTION...] ...\n"
    "Runs COMMAND with a library that answers an HTTP proxy's 407 (Proxy\n"
    "Authentication Required) in its place, and logs each 407.\n"
    "\n"
    "  auth407 -- curl https://example.org/   logs in with what http_proxy "
    "has\n"
    "  auth407 login proxy.example:3128       or with what you enter once\n"
    "\n";

static const struct {
    const char *name, *about;
} summaries[] = {
#define A407_COMMAND(name, about) {name, about},
#include "commands.def"
#undef A407_COMMAND
};

static const char screen_rest[] =
    "  help     help on one of these: auth407 help report\n"
    "\n"
    "      --username NAME, --password-file FILE, --domain DOMAIN\n"
    "      --log DEST, --proxy LIST, --schemes LIST\n"
    "  -q, --quiet    -v, --verbose    -h, --help    -V, --version\n"
    "Every option, exit statuses, files: auth407 --help-all, man auth407\n";

static const char usage_rest[] = "  auth407 report [OPTION...] [FILE...]\n"
                                 "  auth407 login [OPTION...] PROXY\n"
                                 "  auth407 doctor [OPTION...] [PROXY-URL]\n"
                                 "  auth407 help [COMMAND]\n"
                                 "  auth407 --help | --help-all | --version\n";

static const struct {
    const char *usage, *about, *examples;
} commands[] = {
    [A407_CMD_RUN] =
        {usage_run,
         "\nRuns COMMAND and answers the 407s (Proxy Authentication Required) "
         "that\n"
         "HTTP proxies send to it and to the programs that it starts.\n",
         "  auth407 -- curl https://example.org/\n"
         "      logs in with the user:password@ of http_proxy, https_proxy or\n"
         "      all_proxy, even where the program drops it\n"
         "  auth407 run --username alice --password-file pw -- ./build.sh\n"
         "      every program that the script starts logs in as alice\n"},
    [A407_CMD_OBSERVE] =
        {usage_observe,
         "\nRuns COMMAND, changes nothing that it sends, and writes one JSON "
         "line\n"
         "for each 407 (Proxy Authentication Required): which program met it, "
         "and\n"
         "why.\n",
         "  auth407 observe --log stderr -- ./build.sh\n"
         "      shows which program of a script meets a 407, and why\n"},
    [A407_CMD_SHELL] =
        {usage_shell,
         "\nStarts the shell of SHELL, and whatever is started in it is run as "
         "by\n"
         "`auth407 run`. Its prompt begins with (auth407); exit ends it.\n",
         "  auth407 shell\n"
         "      for a session; nothing else on the machine changes\n"},
    [A407_CMD_ENV] =
        {usage_env,
         "\nPrints the lines that make the shell that reads them start all "
         "programs\n"
         "as `auth407 run` does, from then on; its prompt begins with "
         "(auth407).\n"
         "A secret can't be handed over so: see auth407 login.\n",
         "  eval \"$(auth407 env)\"\n"
         "      in a shell, a script or a CI step\n"
         "  auth407 env --shell plain >> \"$GITHUB_ENV\"\n"
         "      for the steps that follow\n"
         "  eval \"$(auth407 env --undo)\"\n"
         "      as it was\n"},
};

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
    "  libauth407.so  beside auth407 (links followed) or in ../lib/auth407\n"
    "      from there; AUTH407_LIBRARY names another library\n"
    "\nMore: man auth407, man auth407-credentials\n";

void a407_help(FILE *f, const struct a407_invocation *inv)
{
    unsigned in = inv->named ? A407_OPT_IN(inv->command) : A407_OPT_IN_ALL;
    size_t i, n = sizeof commands / sizeof *commands;

    if (!inv->named && !inv->all) {
        fputs(screen, f);
        for (i = 0; i < sizeof summaries / sizeof *summaries; i++)
            fprintf(f, "  %-8s %s\n", summaries[i].name, summaries[i].about);
        fputs(screen_rest, f);
        return;
    }
    fputs("Usage:\n", f);
    for (i = 0; i < n; i++)
        if (!inv->named || i == inv->command)
            fputs(commands[i].usage, f);
    if (!inv->named)
        fputs(usage_rest, f);
    for (i = 0; i < n; i++)
        if (i == inv->command)
            fputs(commands[i].about, f);
    fputs("\nExamples:\n", f);
    for (i = 0; i < n; i++)
        if (!inv->named || i == inv->command)
            fputs(commands[i].examples, f);
    fputs("\nOptions, which win over the variables in parentheses:\n", f);
    for (i = 0; i < A407_OPT_COUNT; i++)
        if (a407_options[i].in & in)
            a407_help_option(f, &a407_options[i]);
    fputs(rest, f);
}

void a407_help_short(FILE *f)
{
    fprintf(f,
            "Usage:\n%s%s%s%s%s\nRuns COMMAND and answers its HTTP proxy's "
            "407s. More: auth407 --help\n",
            usage_run, usage_observe, usage_shell, usage_env, usage_rest);
}
