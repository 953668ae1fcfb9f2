/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "login.h"
#include "msg.h"

static const struct a407_option options[A407_LOGIN_OPT_COUNT] = {
#define A407_LOGIN_OPTION(id, name, letter, value, help)                       \
    {name, letter, value, A407_KIND_TEXT, NULL, 1, help},
#include "login_options.def"
#undef A407_LOGIN_OPTION
};

/* Any URL has "//"; a section's name has not. */
static bool read_url(struct a407_login_options *out)
{
    struct a407_proxy_url url;
    if (!a407_proxy_url_parse(a407_span_str(out->name), &url))
        return false;
    bool secret = url.username || url.password || url.malformed.code;
    a407_free_secret(url.username);
    a407_free_secret(url.password);
    out->proxy = url.endpoint;
    out->tls = strcmp(url.scheme, "https") == 0;
    if (secret)
        a407_error("the command line is no place for a user name and password: "
                   "other users can see it; write the proxy alone");
    else if (!out->tls && strcmp(url.scheme, "http") != 0)
        a407_error("%s is no HTTP proxy", out->name);
    else if (!url.port_given && !out->tls)
        a407_error("%s has no port, and programs differ on which one that "
                   "means: write it",
                   out->name);
    else
        return true;
    return false;
}

static bool read_proxy(struct a407_login_options *out)
{
    /* not shown where it may hold a password */
    if (strstr(out->name, "://") || strchr(out->name, '@'))
        return read_url(out);
    if (a407_endpoint_parse(a407_span_str(out->name), &out->proxy))
        return true;
    a407_error("%s is no proxy: write HOST:PORT, HOST, *.SUFFIX:PORT or "
               "[IPV6]:PORT",
               out->name);
    return false;
}

static bool clash(const struct a407_login_options *o)
{
    static const enum a407_login_option_id pairs[][2] = {
        {A407_LOGIN_OPT_VERIFY, A407_LOGIN_OPT_NO_VERIFY},
        {A407_LOGIN_OPT_LIST, A407_LOGIN_OPT_DELETE},
        {A407_LOGIN_OPT_LIST, A407_LOGIN_OPT_STDIN},
        {A407_LOGIN_OPT_LIST, A407_LOGIN_OPT_STORE},
        {A407_LOGIN_OPT_DELETE, A407_LOGIN_OPT_STDIN},
        {A407_LOGIN_OPT_DELETE, A407_LOGIN_OPT_STORE}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (o->values[pairs[i][0]] && o->values[pairs[i][1]]) {
            a407_error("`--%s` and `--%s` do not go together",
                       options[pairs[i][0]].name, options[pairs[i][1]].name);
            return true;
        }
    return false;
}

/* The target goes into a request line. */
static bool target_is_good(const struct a407_login_options *o)
{
    const char *target = o->values[A407_LOGIN_OPT_TARGET];
    struct a407_endpoint e;
    if (!target || (a407_endpoint_parse(a407_span_str(target), &e) && e.port &&
                    e.host[0] != '*'))
        return true;
    a407_error("`--target` needs HOST:PORT");
    return false;
}

static bool can_be_tried(const struct a407_login_options *o)
{
    const char *why = o->tls                       ? "is spoken to in TLS"
                      : strchr(o->proxy.host, '*') ? "is many proxies"
                      : !o->proxy.port             ? "has no port"
                                                   : NULL;
    if (!why || !o->values[A407_LOGIN_OPT_VERIFY])
        return true;
    a407_error("`--verify`: can't be done, for %s %s", o->name, why);
    return false;
}

/* PROXY may stand among the options. */
static bool take_all(char **argv, struct a407_login_options *out)
{
    struct a407_option_reader r = {.options = options,
                                   .n = A407_LOGIN_OPT_COUNT,
                                   .in = 1,
                                   .argv = argv + 1};
    int id;
    while ((id = a407_option_next(&r)) != A407_OPTION_NONE || *r.argv) {
        if (id == A407_OPTION_WRONG)
            return false;
        if (id >= 0) {
            out->values[id] = r.value;
        } else if (out->name) {
            a407_error("one PROXY at a time");
            return false;
        } else {
            out->name = *r.argv++;
        }
    }
    return true;
}

static bool is_good(struct a407_login_options *o)
{
    if (!o->name && !o->values[A407_LOGIN_OPT_LIST]) {
        a407_error("no PROXY: write HOST:PORT");
        return false;
    }
    return (!o->name || read_proxy(o)) && !clash(o) && target_is_good(o) &&
           can_be_tried(o);
}

bool a407_login_options_parse(char **argv, struct a407_login_options *out)
{
    *out = (struct a407_login_options){0};
    if (take_all(argv, out) &&
        (out->values[A407_LOGIN_OPT_HELP] || is_good(out)))
        return true;
    a407_error("try `auth407 login --help`");
    return false;
}

static const char usage[] =
    "Usage:\n"
    "  auth407 login [OPTION...] PROXY\n"
    "  auth407 login --list [PROXY]\n"
    "  auth407 login --delete PROXY\n"
    "\n"
    "Asks for a credential for PROXY (HOST:PORT, a URL, or another name that "
    "a\n"
    "section of the credential file may have), says what looks wrong in it,\n"
    "tries it at the proxy, and writes it to the credential file, mode 0600.\n"
    "All else in the file stays as it is. A section for PROXY that is there "
    "is\n"
    "changed: that of the user name, else the first.\n"
    "\n"
    "Examples:\n"
    "  auth407 login proxy.corp.example:3128\n"
    "      asks for user name, password and domain\n"
    "  auth407 login proxy.corp.example:3128 --store 'git "
    "credential-libsecret'\n"
    "      the same, and keeps the password in the desktop's key ring\n"
    "  pass show proxy | auth407 login --stdin --verify cache.example:8080\n"
    "      for scripts; pass prints username=alice and password=...\n"
    "\n"
    "Options:\n";

static const char rest[] =
    "\nExit status:\n"
    "  0  done\n"
    "  1  the proxy refused it, and nothing was written; or there is nothing "
    "to\n"
    "     delete\n"
    "  2  a mistake in the options, the settings or what was entered\n"
    "  3  it could not be tried at the proxy, and nothing was written\n"
    "  4  the credential file can't be used or written, or the helper failed\n"
    "  With --force 1 and 3 become 0.\n"
    "\n"
    "Files:\n"
    "  $XDG_CONFIG_HOME/auth407/credentials  credential file, mode 0600\n"
    "      (~/.config/auth407/credentials)\n"
    "\n"
    "More: man auth407, man auth407-credentials\n";

void a407_login_help(FILE *f)
{
    fputs(usage, f);
    for (size_t i = 0; i < A407_LOGIN_OPT_COUNT; i++)
        a407_help_option(f, &options[i]);
    fputs(rest, f);
}
