/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/msg.h"
#include "core/base/buf.h"
#include "core/record/redact.h"
#include "doctor.h"

#define TARGET "https://example.com/"

static const struct a407_option options[A407_DOCTOR_OPT_COUNT] = {
#define A407_DOCTOR_OPTION(id, name, letter, value, help)                      \
    {name, letter, value, A407_KIND_TEXT, NULL, 1, help},
#include "options.def"
#undef A407_DOCTOR_OPTION
};

void a407_wanted_root(const struct a407_wanted *w, char *out, size_t cap)
{
    bool v6 = strchr(w->at.host, ':') != NULL;
    char port[8] = "";

    if (w->at.port != (w->tls ? 443 : 80))
        snprintf(port, sizeof port, ":%u", w->at.port);
    snprintf(out, cap, "%s://%s%.255s%s%s/", w->tls ? "https" : "http",
             v6 ? "[" : "", w->at.host, v6 ? "]" : "", port);
}

bool a407_wanted_read(const char *text, struct a407_wanted *out)
{
    struct a407_span s = a407_span_str(text);
    bool plain = a407_span_begins(s, "http://");
    struct a407_proxy_url url;

    if (strpbrk(text, " \t\r\n") ||
        (!plain && strstr(text, "://") && !a407_span_begins(s, "https://")) ||
        !a407_proxy_url_parse(s, &url))
        return false;
    a407_free_secret(url.username);
    a407_free_secret(url.password);
    out->tls = !plain;
    out->at = url.endpoint;
    if (!strstr(text, "://") && !url.port_given)
        out->at.port = 443;
    if (strstr(text, "://"))
        a407_url_redact(s, out->url, sizeof out->url);
    else
        a407_wanted_root(out, out->url, sizeof out->url);
    return true;
}

/* PROXY-URL may stand among the options; behind "--" there is a command. */
static bool take_all(char **argv, struct a407_doctor_options *out)
{
    struct a407_option_reader r = {.options = options,
                                   .n = A407_DOCTOR_OPT_COUNT,
                                   .in = 1,
                                   .argv = argv + 1};
    int id;

    while ((id = a407_option_next(&r)) != A407_OPTION_NONE || *r.argv) {
        if (id == A407_OPTION_WRONG)
            return false;
        if (id >= 0) {
            out->values[id] = r.value;
        } else if (r.ended) {
            break;
        } else if (out->proxy) {
            a407_error("one PROXY-URL at a time; a command stands behind "
                       "`--`");
            return false;
        } else {
            out->proxy = *r.argv++;
        }
    }
    if (r.ended)
        out->command = r.argv;
    return true;
}

static bool is_good(struct a407_doctor_options *o)
{
    const char *format = o->values[A407_DOCTOR_OPT_FORMAT];
    const char *target = o->values[A407_DOCTOR_OPT_TARGET];

    o->json = format && strcmp(format, "json") == 0;
    if (format && !o->json && strcmp(format, "text") != 0) {
        a407_error("`--format %s`: write text or json", format);
        return false;
    }
    if (o->command && (!*o->command || o->values[A407_DOCTOR_OPT_OFFLINE])) {
        a407_error(*o->command ? "`--offline` sends nothing, and a command may"
                               : "no command to run behind `--`");
        return false;
    }
    if (a407_wanted_read(target ? target : TARGET, &o->target))
        return true;
    a407_error("`--target` needs a URL, or HOST:PORT");
    return false;
}

bool a407_doctor_options_parse(char **argv, struct a407_doctor_options *out)
{
    *out = (struct a407_doctor_options){0};
    if (take_all(argv, out) &&
        (out->values[A407_DOCTOR_OPT_HELP] || is_good(out)))
        return true;
    a407_error("try `auth407 doctor --help`");
    return false;
}

static const char usage[] =
    "Usage:\n"
    "  auth407 doctor [OPTION...] [PROXY-URL]\n"
    "  auth407 doctor [OPTION...] -- COMMAND [ARG...]\n"
    "\n"
    "Finds out why a proxy says 407 (Proxy Authentication Required), or does\n"
    "not work at all: looks at the settings, the credential, the proxy's\n"
    "address and its challenges, and logs in once. Says the verdict, the\n"
    "evidence, and what to do. Without PROXY-URL it is the proxy that the\n"
    "environment names for the target. With COMMAND, runs that as `auth407\n"
    "observe` does, and explains what became of its requests.\n"
    "\n"
    "Options:\n";

static const char rest[] =
    "\nExamples:\n"
    "  auth407 doctor http://proxy.corp.example:3128\n"
    "  auth407 doctor --pac http://wpad.corp.example/wpad.dat\n"
    "  auth407 doctor -- git ls-remote https://example.com/x.git\n"
    "\nExit status:\n"
    "  0  it works\n"
    "  1  a cause was found\n"
    "  2  it can't be told, or a mistake in the options\n";

void a407_doctor_help(FILE *f)
{
    size_t i;

    fputs(usage, f);
    for (i = 0; i < A407_DOCTOR_OPT_COUNT; i++)
        a407_help_option(f, &options[i]);
    fputs(rest, f);
}
