/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/config/log_target.h"
#include "host/credfile_read.h"
#include "host/file_at.h"
#include "host/handed.h"
#include "host/settings.h"
#include "msg.h"
#include "sources.h"

static bool set_variable(const char *name, const char *value)
{
    if (setenv(name, value, 1) == 0)
        return true;
    a407_error("can't set %s: %s", name, strerror(errno));
    return false;
}

static bool set_path(const struct a407_option *o, const char *value)
{
    char path[PATH_MAX];

    if (*value == '\0') {
        a407_error("`--%s` needs a file name", o->name);
        return false;
    }
    if (!a407_path_absolute(value, path)) {
        a407_error("`--%s`: can't make %s absolute", o->name, value);
        return false;
    }
    return set_variable(o->variable, path);
}

/* Adds "NAME=value" and a NUL to what is handed over. */
static bool set_secret(const struct a407_option *o, const char *value,
                       struct a407_buf *handed)
{
    struct a407_buf secret;
    bool good = o->kind == A407_KIND_SECRET_FD
                    ? a407_secret_from_fd(o->name, value, &secret)
                    : a407_secret_from_file(o->name, value, &secret);

    if (!good)
        return false;
    a407_buf_fmt(handed, "%s=", o->variable);
    a407_buf_add(handed, secret.p, secret.n);
    a407_buf_free(&secret);
    if (handed->failed || unsetenv(o->variable) != 0)
        a407_error("out of memory");
    return !handed->failed;
}

/* Where no memfd can be made, the environment has to do. */
static bool hand_over(struct a407_buf *handed)
{
    char *p = handed->p, *end = p + handed->n, number[16];
    int fd;

    if (!handed->n)
        return true;
    fd = a407_handed_give(handed);
    if (fd >= 0) {
        snprintf(number, sizeof(number), "%d", fd);
        return set_variable(A407_HANDED, number);
    }
    a407_warning("secrets go into the environment of the command: no sealed "
                 "file can be made: %s",
                 strerror(errno));
    while (p < end) {
        char *value = strchr(p, '=');

        *value++ = '\0';
        if (!set_variable(p, value))
            return false;
        p = value + strlen(value) + 1;
    }
    return true;
}

static bool set_option(const struct a407_option *o, const char *value,
                       struct a407_buf *handed)
{
    if (!o->variable)
        return true;
    switch (o->kind) {
    case A407_KIND_FLAG:
        return set_variable(o->variable, "1");
    case A407_KIND_TEXT:
        return set_variable(o->variable, value);
    case A407_KIND_LOG:
        if (a407_log_is_word(value))
            return set_variable(o->variable, value);
        return set_path(o, value);
    case A407_KIND_PATH:
        return set_path(o, value);
    case A407_KIND_SECRET_FILE:
    case A407_KIND_SECRET_FD:
        return set_secret(o, value, handed);
    }
    return false;
}

bool a407_settings_apply(const struct a407_invocation *inv)
{
    struct a407_buf handed;
    bool good = true;
    size_t i;

    a407_handed_take(); /* of an auth407 outside of this one */
    a407_buf_init(&handed, SIZE_MAX);
    for (i = 0; good && i < A407_OPT_COUNT; i++)
        good = !inv->values[i] ||
               set_option(&a407_options[i], inv->values[i], &handed);
    good = good && hand_over(&handed);
    a407_buf_free(&handed);
    return good && (inv->command != A407_CMD_OBSERVE ||
                    set_variable("AUTH407_MODE", "observe"));
}

/* Whether the text speaks of that variable, and not of a longer name. */
static bool mentions(const char *text, const char *variable)
{
    size_t n = strlen(variable);

    for (text = strstr(text, variable); text; text = strstr(text + n, variable))
        if (!(text[n] == '_' || (text[n] >= 'A' && text[n] <= 'Z')))
            return true;
    return false;
}

/* Core names the variable; someone who gave an option looks for that. */
static void report_setting(const struct a407_invocation *inv,
                           const struct a407_diag *diag)
{
    size_t i;

    for (i = 0; i < A407_OPT_COUNT; i++)
        if (inv->values[i] && a407_options[i].variable &&
            mentions(diag->text, a407_options[i].variable))
            break;
    if (i < A407_OPT_COUNT)
        a407_error("%s (set by --%s)", diag->text, a407_options[i].name);
    else
        a407_error("%s", diag->text);
}

/* A file that the user named must be usable in every mode. The default one may
   be missing; the library goes without it if it is unusable, and that is said
   where it would send of it. */
static bool add_file(struct a407_settings *s)
{
    const char *named = getenv("AUTH407_CREDENTIALS");
    bool inject = s->config->mode == A407_MODE_INJECT;
    struct a407_diag diag = {{0}};

    if (named && !*named)
        named = NULL;
    s->file = inject ? A407_FILE_ABSENT : A407_FILE_UNUSED;
    if (!s->config->credentials_path || !(inject || named))
        return true;
    enum a407_credfile_read result = a407_credfile_load(s->config, &diag);
    if (result == A407_CREDFILE_OK) {
        s->file = inject ? A407_FILE_USED : A407_FILE_UNUSED;
        return true;
    }
    if (result == A407_CREDFILE_ABSENT && !named)
        return true;
    s->file = A407_FILE_IGNORED;
    if (result == A407_CREDFILE_ABSENT)
        a407_error("credential file: %s is not there", named);
    else if (named)
        a407_error("credential file: %s", diag.text);
    else
        a407_warning("credential file ignored: %s", diag.text);
    return !named;
}

/* What no program could send: said now, not at the first 407. */
static bool sendable(const struct a407_config *c)
{
    const struct a407_credential *k;
    char why[A407_LINT_WORDS];

    for (k = c->credentials; k; k = k->next) {
        if (!k->malformed.code)
            continue;
        a407_lint_words(k->malformed, why);
        if (k->from == A407_FROM_VARIABLES) {
            a407_error("the credential in %s can't be sent: %s", k->label, why);
            return false;
        }
        a407_warning("the credential in %s can't be sent: %s", k->label, why);
    }
    return true;
}

static void warn(void *ctx, const struct a407_source_finding *f)
{
    (void)ctx;
    a407_warning("%s: %s", f->label, f->text);
}

bool a407_settings_check(const struct a407_invocation *inv,
                         struct a407_settings *out)
{
    const struct a407_credential *k;
    struct a407_diag diag = {{0}};

    out->config = a407_config_new(a407_environment, NULL, &diag);
    if (!out->config) {
        a407_error("out of memory");
        return false;
    }
    if (*diag.text)
        report_setting(inv, &diag);
    if (*diag.text || !sendable(out->config) || !add_file(out)) {
        a407_config_free(out->config);
        out->config = NULL;
        return false;
    }
    if (out->config->mode == A407_MODE_INJECT)
        for (k = out->config->credentials; k; k = k->next)
            a407_sources_check(k, warn, NULL);
    return true;
}
