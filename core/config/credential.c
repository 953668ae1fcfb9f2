/* SPDX-License-Identifier: MIT */
#include "credential.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/auth_text.h"
#include "core/base/buf.h"

bool a407_credential_text_ok(struct a407_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (a407_is_ctl(s.p[i]))
            return false;
    return true;
}

static bool parts(char c)
{
    return c == '@' || c == '/';
}

bool a407_service_name_ok(struct a407_span s)
{
    return s.n && !parts(s.p[0]) && !parts(s.p[s.n - 1]) &&
           !memchr(s.p, ' ', s.n) && a407_credential_text_ok(s);
}

bool a407_credential_is_outside(const struct a407_credential *c)
{
    return c->password_file || c->token_file || c->helper || c->netrc;
}

bool a407_credential_lacks_password(const struct a407_credential *c)
{
    return !c->password && (c->password_file || c->netrc || c->helper);
}

static bool copy_text(char **to, const char *from)
{
    *to = from ? a407_strdup_span(a407_span_str(from)) : NULL;
    return *to || !from;
}

struct a407_credential *a407_credential_copy(const struct a407_credential *c)
{
    struct a407_credential *n = malloc(sizeof *n);
    if (!n)
        return NULL;
    *n = *c;
    n->next = NULL;
    bool ok = copy_text(&n->label, c->label);
    ok = copy_text(&n->username, c->username) && ok;
    ok = copy_text(&n->password, c->password) && ok;
    ok = copy_text(&n->domain, c->domain) && ok;
    ok = copy_text(&n->token, c->token) && ok;
    ok = copy_text(&n->token_file, c->token_file) && ok;
    ok = copy_text(&n->password_file, c->password_file) && ok;
    ok = copy_text(&n->helper, c->helper) && ok;
    ok = copy_text(&n->netrc, c->netrc) && ok;
    ok = copy_text(&n->keytab, c->keytab) && ok;
    ok = copy_text(&n->service, c->service) && ok;
    if (ok)
        return n;
    a407_credentials_free(n);
    return NULL;
}

void a407_credentials_free(struct a407_credential *list)
{
    while (list) {
        struct a407_credential *next = list->next;
        a407_free_secret(list->label);
        a407_free_secret(list->username);
        a407_free_secret(list->password);
        a407_free_secret(list->domain);
        a407_free_secret(list->token);
        a407_free_secret(list->token_file);
        a407_free_secret(list->password_file);
        a407_free_secret(list->helper);
        a407_free_secret(list->netrc);
        a407_free_secret(list->keytab);
        a407_free_secret(list->service);
        a407_wipe(list, sizeof *list);
        free(list);
        list = next;
    }
}

void a407_diag_set(struct a407_diag *diag, const char *fmt, ...)
{
    if (diag->text[0])
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(diag->text, sizeof diag->text, fmt, ap);
    va_end(ap);
}
