/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/config/netrc.h"
#include "host/credfile_read.h"
#include "run.h"

/* Who is told, and of which credential. */
struct to {
    a407_source_tell *tell;
    void *ctx;
    const struct a407_credential *k;
};

static void say(const struct to *to, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct to *to, const char *fmt, ...)
{
    struct a407_source_finding f = {.label = to->k->label};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(f.text, sizeof f.text, fmt, ap);
    va_end(ap);
    to->tell(to->ctx, &f);
}

/* False: it was said why. `text` is to be freed in any case. */
static bool readable(const struct to *to, const char *key, const char *path,
                     struct a407_buf *text)
{
    enum a407_credfile_read result;
    struct a407_diag diag;

    a407_buf_init(text, A407_CREDFILE_MAX);
    result = a407_credfile_read(path, A407_CREDFILE_MOUNTED, text, &diag);
    if (result == A407_CREDFILE_ABSENT)
        say(to, "%s: %s is not there", key, path);
    else if (*diag.text)
        say(to, "%s: %s", key, diag.text);
    return result == A407_CREDFILE_OK;
}

/* What else looks wrong is told when a proxy refuses it: it may be meant so. */
static void say_time(const struct to *to, const struct a407_credential *k)
{
    static const a407_lint_set of_time = A407_LINT_BIT(A407_LINT_EXPIRED) |
                                         A407_LINT_BIT(A407_LINT_JWT_EXPIRED) |
                                         A407_LINT_BIT(A407_LINT_JWT_EARLY) |
                                         A407_LINT_BIT(A407_LINT_EXPIRES_SOON);
    struct a407_lint_use use = {.now = time(NULL)};
    struct a407_lint lint;
    size_t i;

    a407_lint(k, &use, &lint);
    for (i = 0; i < lint.n; i++) {
        if (!(A407_LINT_BIT(lint.found[i].code) & of_time))
            continue;
        struct a407_source_finding f = {
            .label = k->label, .lint = a407_lint_info(lint.found[i].code)};
        a407_lint_words(lint.found[i], f.text);
        to->tell(to->ctx, &f);
    }
}

static void check_file(const struct to *to, const char *key, const char *path,
                       bool token)
{
    struct a407_buf text;

    if (path && readable(to, key, path, &text)) {
        struct a407_span line = a407_first_line(&text);

        if (!line.n)
            say(to, "%s: the first line of %s is empty", key, path);
        else if (a407_buf_add(&text, "", 1)) {
            text.p[line.n] = '\0';
            say_time(to, &(struct a407_credential){
                             .label = to->k->label,
                             .token = token ? text.p : NULL,
                             .password = token ? NULL : text.p,
                         });
        }
    }
    if (path)
        a407_buf_free(&text);
}

/* A section for many hosts fits entries that nobody can list here. */
static void check_netrc(const struct to *to)
{
    const struct a407_credential *k = to->k;
    struct a407_buf text;
    struct a407_diag diag = {{0}};
    struct a407_login login = {0};

    if (readable(to, "netrc", k->netrc, &text) && k->endpoint.host[0] != '*' &&
        !a407_netrc_find(a407_span(text.p, text.n), k->netrc, &k->endpoint,
                         k->username, &login, &diag)) {
        if (*diag.text)
            say(to, "netrc: %s", diag.text);
        else
            say(to, "netrc: %s has no password for %s%s%s", k->netrc,
                k->username ? k->username : "", k->username ? " at " : "",
                k->endpoint.host);
    }
    a407_free_secret(login.username);
    a407_free_secret(login.password);
    a407_buf_free(&text);
}

/* Words that a shell knows without a file in PATH. */
static bool built_in(const char *word)
{
    static const char *const words[] = {
        ".",  ":",    "case", "cd",   "command", "eval",  "exec", "for",
        "if", "read", "set",  "trap", "umask",   "unset", "wait", "while"};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* The command's name, where it can be told without being a shell. */
static void check_helper(const struct to *to)
{
    const char *value = to->k->helper + (*to->k->helper == '!');
    char word[PATH_MAX], path[PATH_MAX];
    size_t n;
    int error;

    value += strspn(value, " \t");
    n = strcspn(value, " \t");
    if (!n || n >= sizeof(word))
        return;
    memcpy(word, value, n);
    word[n] = '\0';
    if (strpbrk(word, "'\"\\$`;&|<>(){}*?[]~#=!%") || built_in(word))
        return;
    error = a407_target_find(word, path);
    if (error)
        say(to, "helper: %s: %s", word, strerror(error));
}

void a407_sources_check(const struct a407_credential *k, a407_source_tell *tell,
                        void *ctx)
{
    struct to to = {tell, ctx, k};

    if (k->lost)
        say(&to, "the secret that an auth407 outside has handed over is gone; "
                 "use a credential file");
    if (k->from == A407_FROM_VARIABLES && k->username && !k->password &&
        !k->token && !k->lost)
        say(&to, "there is no password for it: nothing but a Kerberos ticket "
                 "will be used");
    say_time(&to, k);
    check_file(&to, "password-file", k->password_file, false);
    check_file(&to, "token-file", k->token_file, true);
    if (k->netrc)
        check_netrc(&to);
    if (k->helper)
        check_helper(&to);
    if (k->keytab && access(k->keytab, R_OK) != 0)
        say(&to, "keytab: can't read %s: %s", k->keytab, strerror(errno));
}
