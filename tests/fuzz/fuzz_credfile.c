/* SPDX-License-Identifier: MIT */
/* The credential file. */
#include "fuzz.h"

#include "core/auth/scheme.h"
#include "core/base/text.h"

static void check_text(const char *z)
{
    must(!z || !a407_text_has_control(a407_span_str(z)));
}

static const char *home_only(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static void check_path(const char *z)
{
    check_text(z);
    must(!z || z[0] == '/');
}

/* The same as part of the settings. */
static void check_config(const char *p, size_t n, bool good)
{
    struct a407_diag diag = {0};
    struct a407_config *c = a407_config_new(home_only, NULL, &diag);
    must(c);
    must(a407_config_add_file(c, p, n, &diag) == good);
    for (const struct a407_known_proxy *k = c->proxies; k; k = k->next) {
        const struct a407_credential *out[4];
        bool elsewhere;
        must(k->endpoint.port != 0);
        must(a407_config_proxy(c, &k->endpoint) == k);
        size_t found =
            a407_config_credentials(c, &k->endpoint, out, 4, &elsewhere);
        must(found >= 1 && found <= 4 && !elsewhere);
    }
    for (const struct a407_credential *k = c->credentials; k; k = k->next) {
        check_path(k->password_file);
        check_path(k->token_file);
        check_path(k->netrc);
        check_path(k->keytab);
        struct a407_credential *copy = a407_credential_copy(k);
        must(copy &&
             a407_credential_is_outside(copy) == a407_credential_is_outside(k));
        a407_credentials_free(copy);
    }
    a407_config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct a407_diag diag = {0};
    char *p = exact(data, n);
    struct a407_credential *list = a407_credfile_parse(p, n, "FILE", &diag);
    must(!list || !diag.text[0]);
    must(strnlen(diag.text, sizeof diag.text) < sizeof diag.text);
    must(!diag.text[0] || strncmp(diag.text, "FILE", 4) == 0);
    for (const struct a407_credential *c = list; c; c = c->next) {
        must(c->from == A407_FROM_FILE && c->label);
        must(c->schemes && !(c->schemes & ~A407_ALL_SCHEMES));
        check_text(c->username);
        check_text(c->password);
        check_text(c->domain);
        check_text(c->token);
        check_text(c->helper);
        check_text(c->service);
    }
    check_config(p, n, !diag.text[0]);
    a407_credentials_free(list);
    free(p);
    return 0;
}
