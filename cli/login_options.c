/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "login.h"
#include "msg.h"
#include "wanted.h"

/* IANA keeps that name for such uses; any proxy lets https through. */
#define TARGET "example.com:443"

/* Any URL has "//"; a section's name has not. */
static bool read_url(struct a407_login_options *out)
{
    struct a407_proxy_url url;
    if (!a407_proxy_url_parse(a407_span_str(out->name), &url))
        return false;
    bool secret = url.username || url.password || url.malformed.code;
    a407_proxy_url_clear(&url);
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
    static const enum a407_option_id pairs[][2] = {
        {A407_OPT_LOGIN_VERIFY, A407_OPT_LOGIN_NO_VERIFY},
        {A407_OPT_LOGIN_LIST, A407_OPT_LOGIN_DELETE},
        {A407_OPT_LOGIN_LIST, A407_OPT_LOGIN_STDIN},
        {A407_OPT_LOGIN_LIST, A407_OPT_LOGIN_STORE},
        {A407_OPT_LOGIN_DELETE, A407_OPT_LOGIN_STDIN},
        {A407_OPT_LOGIN_DELETE, A407_OPT_LOGIN_STORE}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (o->values[pairs[i][0]] && o->values[pairs[i][1]]) {
            a407_error("`--%s` and `--%s` do not go together",
                       a407_options[pairs[i][0]].name,
                       a407_options[pairs[i][1]].name);
            return true;
        }
    return false;
}

/* The target goes into a request line. */
static bool take_target(struct a407_login_options *o)
{
    const char *target = o->values[A407_OPT_LOGIN_TARGET];
    struct a407_wanted w;
    if (!a407_wanted_read(target ? target : TARGET, &w)) {
        a407_error("`--target` needs HOST:PORT, or a URL of http or https");
        return false;
    }
    snprintf(o->target, sizeof o->target, "%s", w.url);
    if (w.tls)
        a407_endpoint_text(&w.at, o->target, sizeof o->target);
    return true;
}

static bool can_be_tried(const struct a407_login_options *o)
{
    const char *why = strchr(o->proxy.host, '*') ? "is many proxies"
                      : !o->proxy.port           ? "has no port"
                                                 : NULL;
    if (!why || !o->values[A407_OPT_LOGIN_VERIFY])
        return true;
    a407_error("`--verify`: can't be done, for %s %s", o->name, why);
    return false;
}

/* PROXY may stand among the options. */
static bool take_all(char **argv, struct a407_login_options *out)
{
    struct a407_option_reader r = {A407_CMD_LOGIN, .argv = argv + 1};
    int id;
    while ((id = a407_option_take(&r, out->values)) == A407_OPTION_WORD) {
        if (out->name) {
            a407_error("one PROXY at a time");
            return false;
        }
        out->name = r.value;
    }
    return id != A407_OPTION_WRONG;
}

static bool is_good(const struct a407_config *config,
                    struct a407_login_options *o)
{
    if (clash(o) || !take_target(o) ||
        (!o->name && !o->values[A407_OPT_LOGIN_LIST] &&
         !a407_login_ask_proxy(config, o)))
        return false;
    return !o->name || (read_proxy(o) && can_be_tried(o));
}

bool a407_login_options_parse(char **argv, const struct a407_config *config,
                              struct a407_login_options *out)
{
    *out = (struct a407_login_options){0};
    return (take_all(argv, out) &&
            (out->values[A407_OPT_HELP] || is_good(config, out))) ||
           a407_option_hint(A407_CMD_LOGIN);
}
