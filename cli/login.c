/* SPDX-License-Identifier: MIT */
#include "login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/config/lint.h"
#include "host/file_at.h"
#include "host/settings.h"
#include "msg.h"
#include "settings.h"
#include "terminal.h"
#include "tls.h"
#include "trial.h"

struct login {
    struct a407_login_options o;
    struct a407_config *config;
    char path[PATH_MAX];
    int tty; /* -1: none, or it is not to be asked */
    struct a407_credential *entered;
    const char *helper; /* to store it, or NULL */
};

static bool flag(const struct login *l, enum a407_option_id id)
{
    return l->o.values[id];
}

/* ---- which section ---- */

static bool is_for(const struct a407_credential *c,
                   const struct a407_endpoint *e)
{
    return c->endpoint.port == e->port &&
           strcmp(c->endpoint.host, e->host) == 0;
}

/* "": of nobody, which a token is. */
static bool is_of(const struct a407_credential *c, const char *username)
{
    return strcmp(c->username ? c->username : "", username) == 0;
}

/* That of the proxy for this user (NULL: any), else its first; *at: its place.
 */
static const struct a407_credential *pick(const struct a407_credential *list,
                                          const struct a407_endpoint *e,
                                          const char *username, size_t *at)
{
    const struct a407_credential *best = NULL;
    size_t i = 0;
    for (; list; list = list->next, i++) {
        bool wanted = username && is_of(list, username);
        if (!is_for(list, e) || (best && !wanted))
            continue;
        best = list;
        *at = i;
        if (wanted)
            break;
    }
    return best;
}

static const struct a407_credential *
section_of(const struct login *l, const struct a407_login_file *f, size_t *at)
{
    const char *username = l->entered->username;
    return pick(f->sections, &l->o.proxy, username ? username : "", at);
}

/* ---- --list, --delete ---- */

static int list(const struct login *l)
{
    struct a407_login_file f;
    if (!a407_login_file_read(l->path, &f))
        return A407_LOGIN_FAILED;
    for (const struct a407_credential *c = f.sections; c; c = c->next) {
        struct a407_buf words;
        if (l->o.name && !is_for(c, &l->o.proxy))
            continue;
        a407_buf_init(&words, 4096);
        a407_credential_describe(&words, c);
        if (c->domain)
            a407_buf_fmt(&words, ", domain %s", c->domain);
        printf("%.*s\n", (int)words.n, words.n ? words.p : "");
        a407_buf_free(&words);
    }
    a407_login_file_free(&f);
    return a407_msg_flush() ? A407_LOGIN_DONE : A407_LOGIN_FAILED;
}

static int delete_from(void *arg, const struct a407_login_file *f,
                       struct a407_buf *out)
{
    const struct login *l = arg;
    const char *username = l->o.values[A407_OPT_LOGIN_USERNAME];
    const struct a407_credential *c = f->sections;
    struct a407_buf text;
    size_t at = 0, n = 0;
    a407_buf_init(&text, out->max);
    a407_buf_span(out, a407_span(f->text.n ? f->text.p : "", f->text.n));
    for (; c; c = c->next) {
        if (!is_for(c, &l->o.proxy) || (username && !is_of(c, username))) {
            at++;
            continue;
        }
        a407_buf_clear(&text);
        a407_credfile_cut(&text, a407_span(out->p, out->n), at);
        a407_buf_clear(out);
        a407_buf_span(out, a407_span(text.p ? text.p : "", text.n));
        n++;
    }
    out->failed = out->failed || text.failed;
    a407_buf_free(&text);
    if (n)
        return A407_LOGIN_DONE;
    a407_error("%s has no such section", l->path);
    return A407_LOGIN_REFUSED;
}

static int delete_sections(struct login *l)
{
    struct a407_login_file f;
    size_t at;
    if (!a407_login_file_read(l->path, &f))
        return A407_LOGIN_FAILED;
    bool there = pick(f.sections, &l->o.proxy, NULL, &at);
    a407_login_file_free(&f);
    if (there)
        return a407_login_file_change(l->path, delete_from, l);
    a407_error("%s has no such section", l->path);
    return A407_LOGIN_REFUSED;
}

/* ---- writing it ---- */

static int write_into(void *arg, const struct a407_login_file *f,
                      struct a407_buf *out)
{
    const struct login *l = arg;
    const struct a407_credential *c = l->entered;
    bool here = !l->helper;
    /* all that a section can have of a secret: what is there is replaced */
    const struct a407_credfile_key keys[] = {
        {"username", c->username}, {"password", here ? c->password : NULL},
        {"domain", c->domain},     {"token", here ? c->token : NULL},
        {"helper", l->helper},     {"password-file", NULL},
        {"token-file", NULL},      {"netrc", NULL},
        {"keytab", NULL},          {"expires", NULL}};
    size_t n = sizeof keys / sizeof *keys, at = 0;
    struct a407_span text = a407_span(f->text.n ? f->text.p : "", f->text.n);
    if (section_of(l, f, &at))
        a407_credfile_set(out, text, at, keys, n);
    else
        a407_credfile_add(out, text, &l->o.proxy, keys, n);
    return A407_LOGIN_DONE;
}

/* ---- trying it ---- */

static void lint(const struct a407_credential *c)
{
    struct a407_lint_use use = {.now = time(NULL)};
    struct a407_lint found;
    a407_lint(c, &use, &found);
    for (size_t i = 0; i < found.n; i++) {
        char words[A407_LINT_WORDS];
        a407_lint_words(found.found[i], words);
        a407_warning("%s. %s", words,
                     a407_lint_info(found.found[i].code)->remedy);
    }
}

/* Whether it is to be tried. False: no, or *is says that all is over. */
static bool wants_trial(const struct login *l, int *is)
{
    struct a407_buf line;
    char question[320];
    bool possible = l->o.proxy.port && !strchr(l->o.proxy.host, '*');
    if (flag(l, A407_OPT_LOGIN_VERIFY))
        return true;
    if (flag(l, A407_OPT_LOGIN_NO_VERIFY) || l->tty < 0 || !possible)
        return false;
    a407_buf_init(&line, 256);
    /* it waits for the proxy, which may wait for the target */
    snprintf(question, sizeof question,
             "Try it now, with one request for %.255s? [Y/n] ", l->o.target);
    bool said = a407_terminal_ask(l->tty, question, false, &line);
    bool no = line.n && strchr("nN", line.p[0]);
    if (!said) {
        a407_error("nothing was written");
        *is = A407_LOGIN_USAGE;
    }
    a407_buf_free(&line);
    return said && !no;
}

/* What the proxy did with it, and why. */
static void say_trial(const struct login *l, const struct a407_trial *t)
{
    const struct a407_event *ev = t->event;
    switch (t->outcome) {
    case A407_TRIAL_ACCEPTED:
        a407_note("%s accepts it (%s)", l->o.name,
                  ev->attempts[ev->n_attempts - 1].scheme);
        return;
    case A407_TRIAL_NOT_ASKED:
        a407_warning("%s let a request through without a login: whether it "
                     "accepts this one is not known",
                     l->o.name);
        return;
    case A407_TRIAL_UNREACHABLE:
        a407_error("%s: %s", l->o.name,
                   l->o.tls && a407_tls_error() ? a407_tls_error() : t->why);
        return;
    case A407_TRIAL_REFUSED:
    case A407_TRIAL_UNDECIDED:
        break;
    }
    a407_error("%s answers %d: %s%s%s", l->o.name, ev->status,
               a407_cause_info(ev->cause)->meaning, *t->why ? " " : "", t->why);
    if (ev->cause == A407_CAUSE_LOCKED_OUT)
        a407_error("with AUTH407_RETRY_AFTER=0 it is sent all the same");
}

static int try_it(const struct login *l)
{
    const char *set = getenv("KRB5CCNAME");
    char *tickets = set ? strdup(set) : NULL;
    struct a407_trial t;
    /* a ticket that is there would be taken first, whatever was typed */
    if (l->entered->password)
        setenv("KRB5CCNAME", "MEMORY:", 1);
    a407_trial(l->config, &l->o.proxy, l->o.tls ? &a407_tls_trusted : NULL,
               l->entered, l->o.target, &t);
    if (tickets)
        setenv("KRB5CCNAME", tickets, 1);
    else
        unsetenv("KRB5CCNAME");
    free(tickets);
    say_trial(l, &t);
    a407_trial_free(&t);
    if (t.outcome == A407_TRIAL_ACCEPTED || t.outcome == A407_TRIAL_NOT_ASKED ||
        flag(l, A407_OPT_LOGIN_FORCE))
        return A407_LOGIN_DONE;
    a407_error("nothing was written: enter it again, or write it all the same "
               "with `--force`");
    return t.outcome == A407_TRIAL_REFUSED ? A407_LOGIN_REFUSED
                                           : A407_LOGIN_NO_TRIAL;
}

/* ---- all of it ---- */

/* What else that section says of how it is used, for the trial. */
static bool take_over(struct a407_credential *c,
                      const struct a407_credential *old)
{
    c->schemes = old ? old->schemes : A407_ALL_SCHEMES;
    c->from = A407_FROM_FILE;
    c->label = a407_strdup_span(a407_span_str("what was entered"));
    if (old && old->service)
        c->service = a407_strdup_span(a407_span_str(old->service));
    if (!c->label)
        a407_error("out of memory");
    return c->label;
}

static bool choose_helper(struct login *l, const struct a407_credential *old)
{
    const char *given = l->o.values[A407_OPT_LOGIN_STORE];
    bool of_section = given && strcmp(given, "helper") == 0;
    l->helper = of_section ? old ? old->helper : NULL : given;
    if (!given || (l->helper && *l->helper))
        return true;
    a407_error(of_section
                   ? "the section has no helper; name one: --store HELPER"
                   : "`--store` needs a command");
    return false;
}

static int enter(struct login *l, const struct a407_login_file *f)
{
    struct a407_credential *c = l->entered;
    const struct a407_credential *old;
    size_t at;
    int is = A407_LOGIN_DONE;
    old = pick(f->sections, &l->o.proxy, l->o.values[A407_OPT_LOGIN_USERNAME],
               &at);
    if (!a407_login_enter(&l->o, l->tty, old, c))
        return A407_LOGIN_USAGE;
    old = section_of(l, f, &at);
    if (!choose_helper(l, old) || !take_over(c, old))
        return A407_LOGIN_USAGE;
    lint(c);
    if (wants_trial(l, &is))
        is = try_it(l);
    if (is == A407_LOGIN_DONE && l->helper &&
        !a407_login_store(l->config, &l->o.proxy, l->helper, c))
        is = A407_LOGIN_FAILED;
    if (is == A407_LOGIN_DONE)
        is = a407_login_file_change(l->path, write_into, l);
    if (is == A407_LOGIN_DONE)
        a407_note("written to %s%s", l->path,
                  l->o.values[A407_OPT_LOGIN_CREDENTIALS] || l->o.tls
                      ? ""
                      : ": `auth407 -- COMMAND` uses it");
    return is;
}

static int begin_to_enter(struct login *l)
{
    struct a407_login_file f;
    int is = A407_LOGIN_FAILED;
    if (!a407_login_file_read(l->path, &f))
        return is;
    if (l->o.tls)
        a407_warning("auth407 sends no program's login to a proxy that speaks "
                     "TLS: use its port without, if it has one");
    l->entered = calloc(1, sizeof *l->entered);
    if (!flag(l, A407_OPT_LOGIN_STDIN))
        l->tty = a407_terminal_open();
    if (l->entered)
        is = enter(l, &f);
    else
        a407_error("out of memory");
    if (l->tty >= 0)
        close(l->tty);
    a407_credentials_free(l->entered);
    a407_login_file_free(&f);
    return is;
}

static bool find_file(struct login *l, const struct a407_diag *diag)
{
    const char *named = l->o.values[A407_OPT_LOGIN_CREDENTIALS], *path = named;
    if (!named) /* never a service's own */
        path = l->config->credentials_else ? l->config->credentials_else
                                           : l->config->credentials_path;
    if (diag->text[0])
        a407_error("%s", diag->text);
    else if (!path)
        a407_error("no folder for the credential file is known: set HOME, or "
                   "name a file with --credentials");
    else if (!a407_path_absolute(path, l->path))
        a407_error("--credentials: can't make %s absolute", path);
    else
        return true;
    return false;
}

static int act(struct login *l, const struct a407_diag *diag)
{
    if (flag(l, A407_OPT_HELP))
        return a407_help(A407_CMD_LOGIN, false) ? A407_LOGIN_DONE
                                                : A407_LOGIN_FAILED;
    return !find_file(l, diag)              ? A407_LOGIN_USAGE
           : flag(l, A407_OPT_LOGIN_LIST)   ? list(l)
           : flag(l, A407_OPT_LOGIN_DELETE) ? delete_sections(l)
                                            : begin_to_enter(l);
}

int a407_login(char **argv)
{
    struct login l = {.tty = -1};
    struct a407_diag diag = {{0}};
    int is = A407_LOGIN_USAGE;
    l.config = a407_config_new(a407_environment, NULL, &diag);
    if (!l.config)
        a407_error("out of memory");
    else if (a407_login_options_parse(argv, l.config, &l.o))
        is = act(&l, &diag);
    a407_config_free(l.config);
    return is;
}
