/* SPDX-License-Identifier: MIT */
/* The .netrc file. */
#include "fuzz.h"

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/config/netrc.h"

static void look(struct a407_span text, const char *username)
{
    static const struct a407_endpoint proxy = {.host = "p.test", .port = 3128};
    struct a407_login login;
    struct a407_diag diag;
    bool found = a407_netrc_find(text, "FILE", &proxy, username, &login, &diag);
    must(found == (login.username && login.password));
    must(found || (!login.username && !login.password));
    must(!found || !diag.text[0]);
    must(!diag.text[0] || strncmp(diag.text, "FILE:", 5) == 0);
    if (found) {
        must(!a407_text_has_control(a407_span_str(login.username)));
        must(!a407_text_has_control(a407_span_str(login.password)));
        must(!username || strcmp(login.username, username) == 0);
    }
    a407_free_secret(login.username);
    a407_free_secret(login.password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *p = exact(data, n);
    look(a407_span(p, n), NULL);
    look(a407_span(p, n), "u");
    free(p);
    return 0;
}
