/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/config/lint.h"
#include "login.h"
#include "msg.h"
#include "settings.h"
#include "terminal.h"

/* A token is the longest thing; a request's head may hold as much. */
#define ENTRY_MAX ((size_t)64 * 1024)

/* Takes a value over. False: it can be in no header, or no memory; said. */
static bool keep(char **to, enum a407_lint_part part, struct a407_span value)
{
    struct a407_finding f = {a407_lint_control(value), part};
    if (f.code != A407_LINT_NONE) {
        char words[A407_LINT_WORDS];
        a407_lint_words(f, words);
        a407_error("%s. %s", words, a407_lint_info(f.code)->remedy);
        return false;
    }
    a407_free_secret(*to);
    *to = a407_strdup_span(value.p ? value : a407_span_str(""));
    if (!*to)
        a407_error("out of memory");
    return *to;
}

static bool complete(const struct a407_credential *c)
{
    const char *wrong =
        c->password && !c->username ? "a password, but no user name"
        : !c->password && !c->token ? "neither a password nor a token"
        : c->token && !*c->token    ? "an empty token"
                                    : NULL;
    if (wrong)
        a407_error("%s was given; nothing was written", wrong);
    return !wrong;
}

/* ---- on the terminal ---- */

/* One answer into *to; empty: `otherwise`, and NULL if that is. */
static bool ask(int tty, const char *question, bool hidden,
                enum a407_lint_part part, const char *otherwise, char **to)
{
    struct a407_buf line;
    a407_buf_init(&line, ENTRY_MAX);
    bool ok = a407_terminal_ask(tty, question, hidden, &line);
    if (!ok)
        a407_error("%s; nothing was written", line.failed ? "that is too long"
                                              : errno     ? strerror(errno)
                                                      : "nothing was entered");
    else if (line.n || otherwise)
        ok =
            keep(to, part,
                 line.n ? a407_span(line.p, line.n) : a407_span_str(otherwise));
    a407_buf_free(&line);
    return ok;
}

/* What others have written may not steer a terminal. */
static bool can_be_shown(const char *z)
{
    char plain[A407_HOST_MAX + 200];
    a407_put(plain, sizeof plain, a407_span_str(z));
    a407_text_make_plain(plain);
    return strcmp(plain, z) == 0;
}

/* "User name [alice]: " */
static bool ask_with(int tty, const char *what, const char *hint,
                     const char *old, enum a407_lint_part part, char **to)
{
    struct a407_buf question;
    a407_buf_init(&question, 1024);
    bool usable = old && *old && can_be_shown(old);
    a407_buf_fmt(&question, usable ? "%s [%s]: " : "%s (%s): ", what,
                 usable ? old : hint);
    a407_buf_add(&question, "", 1);
    bool ok = !question.failed &&
              ask(tty, question.p, false, part, usable ? old : NULL, to);
    a407_buf_free(&question);
    return ok;
}

static bool enter_domain(const struct a407_login_options *o, int tty,
                         const struct a407_credential *old,
                         struct a407_credential *out)
{
    const char *given = o->values[A407_OPT_LOGIN_DOMAIN];
    bool same = old && a407_same_text(old->username, out->username);
    if (given)
        return !*given ||
               keep(&out->domain, A407_LINT_DOMAIN, a407_span_str(given));
    if (strpbrk(out->username, "\\@"))
        return true; /* it carries one */
    return ask_with(tty, "Domain, for NTLM", "empty: none",
                    same ? old->domain : NULL, A407_LINT_DOMAIN, &out->domain);
}

static bool enter(const struct a407_login_options *o, int tty,
                  const struct a407_credential *old,
                  struct a407_credential *out)
{
    const char *given = o->values[A407_OPT_LOGIN_USERNAME];
    if (given && *given &&
        !keep(&out->username, A407_LINT_USERNAME, a407_span_str(given)))
        return false;
    if (!given && !ask_with(tty, "User name", "empty: a token instead",
                            old ? old->username : NULL, A407_LINT_USERNAME,
                            &out->username))
        return false;
    if (!out->username)
        return ask(tty, "Token: ", true, A407_LINT_TOKEN, NULL, &out->token) &&
               complete(out);
    return ask(tty, "Password: ", true, A407_LINT_PASSWORD, NULL,
               &out->password) &&
           complete(out) && enter_domain(o, tty, old, out);
}

/* "a:1 or b:2"; returns how many, or 0. */
static size_t name_proxies(const struct a407_config *config, char *to,
                           size_t cap)
{
    struct a407_buf b;
    size_t n = 0;
    a407_buf_init(&b, cap);
    for (const struct a407_known_proxy *p = config->proxies; p; p = p->next) {
        if (!p->from_environment)
            continue;
        a407_buf_str(&b, n++ ? " or " : "");
        a407_buf_str(&b, p->tls ? "https://" : "");
        a407_endpoint_add(&b, &p->endpoint);
    }
    a407_buf_add(&b, "", 1);
    if (b.failed || !can_be_shown(b.p))
        n = 0;
    a407_put(to, cap, a407_span_str(n ? b.p : ""));
    a407_buf_free(&b);
    return n;
}

bool a407_login_ask_proxy(const struct a407_config *config,
                          struct a407_login_options *out)
{
    char named[400], question[450];
    struct a407_buf line;
    size_t n = name_proxies(config, named, sizeof named);
    bool may = n && !out->values[A407_OPT_LOGIN_STDIN] &&
               !out->values[A407_OPT_LOGIN_DELETE];
    int tty = may ? a407_terminal_open() : -1;
    a407_buf_init(&line, sizeof out->asked - 1);
    snprintf(question, sizeof question,
             n == 1 ? "Proxy [%s]: " : "Proxy (%s): ", named);
    if (tty >= 0 && a407_terminal_ask(tty, question, false, &line))
        a407_put(out->asked, sizeof out->asked,
                 line.n   ? a407_span_trim(a407_span(line.p, line.n))
                 : n == 1 ? a407_span_str(named)
                          : a407_span_str(""));
    if (tty >= 0)
        close(tty);
    a407_buf_free(&line);
    if (*out->asked)
        out->name = out->asked;
    else
        a407_error("no PROXY: write HOST:PORT%s%s",
                   n ? "; the environment names " : "", named);
    return out->name;
}

/* ---- from standard input ---- */

/* Who writes may leave the pipe open behind the empty line. */
static bool has_ended(const struct a407_buf *text)
{
    return memmem(text->p, text->n, "\n\n", 2) ||
           memmem(text->p, text->n, "\n\r\n", 3);
}

static bool read_input(struct a407_buf *text)
{
    char part[4096];
    ssize_t n;
    if (isatty(STDIN_FILENO)) {
        a407_error("`--stdin` reads a file or a pipe, not a terminal, which "
                   "would show the password; leave it out to be asked");
        return false;
    }
    do {
        n = read(STDIN_FILENO, part, sizeof part);
        if (n > 0 && !a407_buf_add(text, part, (size_t)n))
            break;
    } while ((n > 0 && !has_ended(text)) || (n < 0 && errno == EINTR));
    a407_wipe(part, sizeof part);
    if (n < 0)
        a407_error("can't read standard input: %s", strerror(errno));
    else if (text->failed)
        a407_error("standard input is longer than %zu bytes", text->max);
    return n >= 0 && !text->failed;
}

/* Keys of git's protocol that are about something else are passed over. */
static bool is_gits(struct a407_span key)
{
    static const char *const names[] = {
        "protocol", "host",      "path",
        "url",      "ephemeral", "password_expiry_utc",
        "quit",     "continue",  "oauth_refresh_token"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (a407_span_eq(key, names[i]))
            return true;
    return a407_span_ends(key, "[]");
}

static bool take_line(struct a407_span line, unsigned number,
                      struct a407_credential *out)
{
    struct a407_span key;
    bool pair = a407_span_find(line, '=') && a407_span_cut(&line, '=', &key);
    if (pair && a407_span_eq(key, "username"))
        return keep(&out->username, A407_LINT_USERNAME, line);
    if (pair && a407_span_eq(key, "password"))
        return keep(&out->password, A407_LINT_PASSWORD, line);
    if (pair && a407_span_eq(key, "domain"))
        return keep(&out->domain, A407_LINT_DOMAIN, line);
    if (pair && a407_span_eq(key, "token"))
        return keep(&out->token, A407_LINT_TOKEN, line);
    if (pair && is_gits(key))
        return true;
    /* not shown: it may be the secret alone */
    a407_error("line %u of standard input is none of username=, password=, "
               "domain=, token=",
               number);
    return false;
}

static void take_option(const char *value, char **to)
{
    if (value && *value && !*to)
        *to = a407_strdup_span(a407_span_str(value));
}

/* An empty one of these is none. */
static void drop_empty(char **z)
{
    if (*z && !**z) {
        a407_free_secret(*z);
        *z = NULL;
    }
}

static bool enter_lines(const struct a407_login_options *o,
                        struct a407_credential *out)
{
    struct a407_buf text;
    unsigned number = 0;
    a407_buf_init(&text, 2 * ENTRY_MAX);
    bool ok = read_input(&text);
    struct a407_span left = a407_span(text.p, text.n), line;
    while (ok && a407_span_line(&left, &line) && line.n)
        ok = take_line(line, ++number, out);
    a407_buf_free(&text);
    drop_empty(&out->username);
    drop_empty(&out->domain);
    take_option(o->values[A407_OPT_LOGIN_USERNAME], &out->username);
    take_option(o->values[A407_OPT_LOGIN_DOMAIN], &out->domain);
    return ok && complete(out);
}

bool a407_login_enter(const struct a407_login_options *o, int tty,
                      const struct a407_credential *old,
                      struct a407_credential *out)
{
    if (o->values[A407_OPT_LOGIN_STDIN])
        return enter_lines(o, out);
    if (tty >= 0)
        return enter(o, tty, old, out);
    a407_error("there is no terminal to ask on; give the credential with "
               "`--stdin`");
    return false;
}
