/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "msg.h"
#include "options.h"
#include "term.h"

static const char rest_sets[] =
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

/* What stands around the options; paragraphs of `about` are folded. */
static const struct {
    const char *usage, *about, *examples, *rest;
} texts[A407_COMMANDS] = {
    [A407_CMD_RUN] =
        {"  auth407 [run] [OPTION...] [--] COMMAND [ARG...]\n",
         "Runs COMMAND and answers the 407s (Proxy Authentication Required) "
         "that HTTP proxies send to it and to the programs that it starts.",
         "  auth407 -- curl https://example.org/\n"
         "      logs in with the user:password@ of http_proxy, https_proxy or\n"
         "      all_proxy, even where the program drops it\n"
         "  auth407 run --username alice --password-file pw -- ./build.sh\n"
         "      every program that the script starts logs in as alice\n",
         rest_sets},
    [A407_CMD_OBSERVE] =
        {"  auth407 observe [OPTION...] [--] COMMAND [ARG...]\n",
         "Runs COMMAND, changes nothing that it sends, and writes one JSON "
         "line for each 407 (Proxy Authentication Required): which program met "
         "it, and why.",
         "  auth407 observe --log stderr -- ./build.sh\n"
         "      shows which program of a script meets a 407, and why\n",
         rest_sets},
    [A407_CMD_SHELL] =
        {"  auth407 shell [OPTION...]\n",
         "Starts the shell of SHELL, and whatever is started in it is run as "
         "by `auth407 run`. Its prompt begins with (auth407); exit ends it.",
         "  auth407 shell\n"
         "      for a session; nothing else on the machine changes\n",
         rest_sets},
    [A407_CMD_ENV] =
        {"  eval \"$(auth407 env [OPTION...])\"\n",
         "Prints the lines that make the shell that reads them start all "
         "programs as `auth407 run` does, from then on; its prompt begins with "
         "(auth407). A secret can't be handed over so: see auth407 login.",
         "  eval \"$(auth407 env)\"\n"
         "      in a shell, a script or a CI step\n"
         "  auth407 env --shell plain >> \"$GITHUB_ENV\"\n"
         "      for the steps that follow\n"
         "  eval \"$(auth407 env --undo)\"\n"
         "      as it was\n",
         rest_sets},
    [A407_CMD_REPORT] =
        {"  auth407 report [OPTION...] [FILE...]\n",
         "Says what the JSON lines of auth407 add up to: which program is left "
         "with a 407, why, and the line that mends it. On a terminal it is "
         "about what was run last. With --tables: each place, the programs "
         "that dropped the header first, and tables per binary, module, proxy, "
         "cause and user.\n\nReads each FILE, standard input for \"-\", or, "
         "without FILE, standard input if it is a pipe or a file, else the log "
         "that AUTH407_LOG names or the default one, and the generation that "
         "it keeps (FILE.1).",
         "  auth407 report\n"
         "      what happened last, from the default log\n"
         "  auth407 report --all-runs --tables\n"
         "      all of it\n"
         "  auth407 report --since today --binary 'python*'\n"
         "      only Python programs, only today\n"
         "  auth407 report --follow\n"
         "      each 407 as it happens\n"
         "  auth407 report --format json ci.jsonl >report.json\n"
         "      for a program to read; see report-schema.json of the "
         "documentation\n",
         "\nExit status:\n"
         "  0  no program was left with a 407\n"
         "  1  at least one was: its outcome is unresolved, not_retried, or "
         "observed\n"
         "     with a refusal as the last answer\n"
         "  2  a mistake in the options, or something can't be read or "
         "written\n"
         "\n"
         "Files:\n"
         "  $XDG_STATE_HOME/auth407/407.jsonl     the log\n"
         "      (~/.local/state/auth407/407.jsonl)\n"
         "\n"
         "More: man auth407\n"},
    [A407_CMD_DOCTOR] =
        {"  auth407 doctor [OPTION...] [PROXY-URL]\n"
         "  auth407 doctor [OPTION...] -- COMMAND [ARG...]\n",
         "Finds out why a proxy says 407 (Proxy Authentication Required), or "
         "does not work at all: looks at the settings, the credential, the "
         "proxy's address and its challenges, and logs in once. Says the "
         "verdict, the evidence, and what to do. Without PROXY-URL it is the "
         "proxy that the environment names for the target. With COMMAND, runs "
         "that as `auth407 observe` does, and explains what became of its "
         "requests.",
         "  auth407 doctor http://proxy.corp.example:3128\n"
         "  auth407 doctor --pac http://wpad.corp.example/wpad.dat\n"
         "  auth407 doctor -- git ls-remote https://example.com/x.git\n",
         "\nExit status:\n"
         "  0  it works\n"
         "  1  a cause was found\n"
         "  2  it can't be told, or a mistake in the options\n"},
    [A407_CMD_LOGIN] =
        {"  auth407 login [OPTION...] [PROXY]\n"
         "  auth407 login --list [PROXY]\n"
         "  auth407 login --delete PROXY\n",
         "Asks for a credential for PROXY (HOST:PORT, a URL, or another name "
         "that a section of the credential file may have), says what looks "
         "wrong in it, tries it at the proxy, and writes it to the credential "
         "file, mode 0600. Without PROXY a terminal is asked for it, and the "
         "environment's is offered. All else in the file stays as it is. A "
         "section for PROXY that is there is changed: that of the user name, "
         "else the first.",
         "  auth407 login proxy.corp.example:3128\n"
         "      asks for user name, password and domain\n"
         "  auth407 login proxy.corp.example:3128 --store 'git "
         "credential-libsecret'\n"
         "      the same, and keeps the password in the desktop's key ring\n"
         "  pass show proxy | auth407 login --stdin --verify "
         "cache.example:8080\n"
         "      for scripts; pass prints username=alice and password=...\n",
         "\nExit status:\n"
         "  0  done\n"
         "  1  the proxy refused it, and nothing was written; or there is "
         "nothing to\n"
         "     delete\n"
         "  2  a mistake in the options, the settings or what was entered\n"
         "  3  it could not be tried at the proxy, and nothing was written\n"
         "  4  the credential file can't be used or written, or the helper "
         "failed\n"
         "  With --force 1 and 3 become 0.\n"
         "\n"
         "Files:\n"
         "  $XDG_CONFIG_HOME/auth407/credentials  credential file, mode 0600\n"
         "      (~/.config/auth407/credentials)\n"
         "\n"
         "More: man auth407, man auth407-credentials\n"},
};

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

static const char *const summaries[A407_COMMANDS] = {
#define A407_COMMAND(id, name, about) about,
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

#define WIDTH 79 /* most: some terminals break a full line of 80 */

static struct a407_term term_of(FILE *f)
{
    size_t columns = a407_term_columns(fileno(f)) - 1;

    return (struct a407_term){
        .f = f, .width = columns < WIDTH ? columns : WIDTH, .whole = true};
}

/* One line. Where the terminal is too narrow for it, its right column goes on
   in that column. */
static void put_line(FILE *f, struct a407_span text)
{
    struct a407_term out = term_of(f);
    char line[200];
    size_t indent, at;
    const char *gap;

    snprintf(line, sizeof line, "%.*s", (int)text.n, text.p);
    indent = strspn(line, " ");
    gap = strstr(line + indent, "  ");
    at = gap ? (size_t)(gap - line) + strspn(gap, " ") : 0;
    if (text.n <= out.width || at > out.width / 2)
        at = 0;
    fprintf(f, "%.*s", (int)(at ? at : indent), line);
    if (text.n <= out.width)
        fprintf(f, "%s\n", line + indent);
    else
        a407_term_wrap(&out, line + (at ? at : indent), at ? at : indent,
                       at ? at : indent + 2);
}

/* Lines for a terminal of 80 columns. */
static void put_lines(FILE *f, const char *text)
{
    struct a407_span left = a407_span_str(text), line;

    while (a407_span_line(&left, &line))
        put_line(f, line);
}

/* Paragraphs, one a line, for any terminal. */
static void put_about(enum a407_command c)
{
    struct a407_span left = a407_span_str(texts[c].about), line;
    struct a407_term out = term_of(stdout);
    char text[600];

    while (a407_span_line(&left, &line)) {
        snprintf(text, sizeof text, "%.*s", (int)line.n, line.p);
        a407_term_wrap(&out, text, 0, 0);
    }
}

static void put_option(const struct a407_option *o)
{
    struct a407_term out = term_of(stdout);
    const char *value = o->value ? o->value : "", *variable = o->variable;
    const char letter[] = {'-', o->letter, ',', '\0'};
    int column = out.width < 60 ? 10 : 30; /* where the texts begin */
    char text[400];
    int at = printf("  %3s --%s%s%s", o->letter ? letter : "", o->name,
                    *value ? " " : "", value);

    if (at >= column)
        at = printf("\n") - 1;
    printf("%*s", column - at, "");
    snprintf(text, sizeof text, variable ? "%s (%s)" : "%s", o->help, variable);
    a407_term_wrap(&out, text, (size_t)column, (size_t)column);
}

static void put_usages(FILE *f)
{
    fputs("Usage:\n", f);
    for (size_t i = 0; i < A407_COMMANDS; i++)
        put_lines(f, texts[i].usage);
    put_lines(f, "  auth407 help [COMMAND]\n"
                 "  auth407 --help | --help-all | --version\n");
}

static bool gives_settings(size_t command)
{
    return A407_OPT_IN(command) & A407_OPT_IN_SETS;
}

static void put_options(unsigned in)
{
    put_lines(stdout, in & A407_OPT_IN_SETS
                          ? "\nOptions, which win over the variables in "
                            "parentheses:\n"
                          : "\nOptions:\n");
    for (size_t i = 0; i < A407_OPT_COUNT; i++)
        if (a407_options[i].in & in)
            put_option(&a407_options[i]);
}

/* A command and what it does. */
static void put_summary(const char *before, int width, const char *between,
                        size_t command)
{
    char line[160];

    snprintf(line, sizeof line, "%s%-*s%s%s", before, width,
             a407_commands[command], between, summaries[command]);
    put_lines(stdout, line);
}

static void put_screen(void)
{
    put_lines(stdout, screen);
    for (size_t i = 0; i < A407_COMMANDS; i++)
        put_summary("  ", 8, " ", i);
    put_lines(stdout, screen_rest);
}

static void put_all(void)
{
    size_t i;

    put_usages(stdout);
    putchar('\n');
    put_about(A407_CMD_RUN);
    fputs("\nExamples:\n", stdout);
    for (i = 0; i < A407_COMMANDS; i++)
        if (gives_settings(i))
            put_lines(stdout, texts[i].examples);
    put_options(A407_OPT_IN_SETS);
    put_lines(stdout, rest_sets);
    for (i = 0; i < A407_COMMANDS; i++)
        if (!gives_settings(i)) {
            putchar('\n');
            put_summary("auth407 ", 0, ": ", i);
            put_options(A407_OPT_IN(i));
        }
}

bool a407_help(enum a407_command c, bool all)
{
    if (c < A407_COMMANDS) {
        fputs("Usage:\n", stdout);
        put_lines(stdout, texts[c].usage);
        putchar('\n');
        put_about(c);
        fputs("\nExamples:\n", stdout);
        put_lines(stdout, texts[c].examples);
        put_options(A407_OPT_IN(c));
        put_lines(stdout, texts[c].rest);
    } else if (all) {
        put_all();
    } else {
        put_screen();
    }
    return a407_msg_flush();
}

void a407_help_short(void)
{
    put_usages(stderr);
    put_lines(stderr,
              "\nRuns COMMAND and answers its HTTP proxy's 407s. More: auth407 "
              "--help\n");
}
