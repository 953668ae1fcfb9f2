/* SPDX-License-Identifier: MIT */
/* The credential file. */
#include "fuzz.h"

#include "config.h"

static void check_text(const char *z)
{
    must(!z || a407_credential_text_ok(a407_span_str(z)));
}

static const char *no_variable(void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return NULL;
}

/* The same as part of the settings. */
static void check_config(const char *p, size_t n, bool good)
{
    struct a407_diag diag = {0};
    struct a407_config *c = a407_config_new(no_variable, NULL, &diag);
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
    }
    check_config(p, n, !diag.text[0]);
    a407_credentials_free(list);
    free(p);
    return 0;
}
