/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_HELP_H
#define CONFIG_HELP_H

/* What the tests of the settings share. */

#include <stdio.h>

#include "core/auth/scheme.h"
#include "core/config/config.h"
#include "exact.h"

/* An environment: name, value, ..., NULL. */
static inline const char *look_up(void *ctx, const char *name)
{
    for (const char *const *p = ctx; *p; p += 2)
        if (strcmp(p[0], name) == 0)
            return p[1];
    return NULL;
}

#define ENV(...)                                                               \
    (const char *[])                                                           \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

static inline struct a407_config *with(const char **env, struct a407_diag *diag)
{
    struct a407_config *c = a407_config_new(look_up, env, diag);
    assert_non_null(c);
    return c;
}

static inline struct a407_config *good(const char **env)
{
    struct a407_diag diag = {"left over"};
    struct a407_config *c = with(env, &diag);
    assert_string_equal(diag.text, "");
    return c;
}

static inline void add_file(struct a407_config *c, const char *text)
{
    struct a407_diag diag;
    char *p = exact(text, strlen(text));
    bool ok = a407_config_add_file(c, p, strlen(text), &diag);
    free(p);
    if (!ok)
        fail_msg("%s", diag.text);
    assert_string_equal(diag.text, "");
}

/*
 * The user names of the credentials for an endpoint, in order, with commas;
 * "-" for one without, "!" before a malformed one; "elsewhere" if so.
 */
static inline const char *users(const struct a407_config *c,
                                const char *endpoint)
{
    static char text[256];
    const struct a407_credential *got[8];
    struct a407_endpoint e;
    bool elsewhere;
    assert_true(a407_endpoint_parse(a407_span_str(endpoint), &e));
    size_t n = a407_config_credentials(c, &e, got, 8, &elsewhere);
    strcpy(text, elsewhere ? "elsewhere" : "");
    for (size_t i = 0; i < n; i++) {
        strcat(text, i ? "," : "");
        strcat(text, got[i]->malformed.code ? "!" : "");
        strcat(text, got[i]->username ? got[i]->username : "-");
    }
    return text;
}

static inline const struct a407_known_proxy *known(const struct a407_config *c,
                                                   const char *endpoint)
{
    struct a407_endpoint e;
    assert_true(a407_endpoint_parse(a407_span_str(endpoint), &e));
    return a407_config_proxy(c, &e);
}

#endif
