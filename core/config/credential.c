/* SPDX-License-Identifier: MIT */
#include "credential.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/jwt.h"
#include "core/base/text.h"

static bool parts(char c)
{
    return c == '@' || c == '/';
}

bool a407_service_name_ok(struct a407_span s)
{
    return s.n && !parts(s.p[0]) && !parts(s.p[s.n - 1]) &&
           !memchr(s.p, ' ', s.n) && !a407_text_has_control(s);
}

bool a407_credential_is_outside(const struct a407_credential *c)
{
    return c->password_file || c->token_file || c->helper || c->netrc ||
           c->lost;
}

bool a407_credential_is_utf8(const struct a407_credential *c)
{
    return a407_text_is_utf8(a407_span_str(c->username)) &&
           a407_text_is_utf8(a407_span_str(c->password));
}

#define AT(field) offsetof(struct a407_credential, field)
/* Its strings, all owned; the label first, what is Kerberos' last. */
static const size_t strings[] = {
    AT(label), AT(username),   AT(password),      AT(domain),
    AT(token), AT(token_file), AT(password_file), AT(helper),
    AT(netrc), AT(keytab),     AT(service)};
#define STRINGS  (sizeof strings / sizeof *strings)
#define KERBEROS 2

static char **string(const struct a407_credential *c, size_t i)
{
    return (char **)((uintptr_t)c + strings[i]);
}

bool a407_credential_same(const struct a407_credential *a,
                          const struct a407_credential *b, bool kerberos)
{
    for (size_t i = 1; i < STRINGS - (kerberos ? 0 : KERBEROS); i++)
        if (!a407_same_text(*string(a, i), *string(b, i)))
            return false;
    return a->malformed.code == b->malformed.code && a->lost == b->lost;
}

struct a407_credential *a407_credential_copy(const struct a407_credential *c)
{
    struct a407_credential *n = malloc(sizeof *n);
    bool ok = true;
    if (!n)
        return NULL;
    *n = *c;
    n->next = NULL;
    for (size_t i = 0; i < STRINGS; i++) {
        char **to = string(n, i), *from = *to;
        *to = from ? a407_strdup_span(a407_span_str(from)) : NULL;
        ok = ok && (*to || !from);
    }
    if (ok)
        return n;
    a407_credentials_free(n);
    return NULL;
}

void a407_credentials_free(struct a407_credential *list)
{
    while (list) {
        struct a407_credential *next = list->next;
        for (size_t i = 0; i < STRINGS; i++)
            a407_free_secret(*string(list, i));
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

int64_t a407_secret_end(const struct a407_credential *c)
{
    const char *secret = c->token ? c->token : c->password;
    return c->ends ? c->ends : a407_jwt_expiry(a407_span_str(secret));
}
