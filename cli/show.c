/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdio.h>

#include "core/base/buf.h"
#include "msg.h"

/* One note; far more than any real list needs. */
#define LINE_MAX_BYTES 4096

static const char *const mode_names[] = {
    [A407_MODE_INJECT] = "inject",
    [A407_MODE_OBSERVE] = "observe",
    [A407_MODE_OFF] = "off",
};

static const char *const file_words[] = {
    [A407_FILE_USED] = "used",
    [A407_FILE_UNUSED] = "of which nothing is sent in this mode",
    [A407_FILE_IGNORED] = "ignored",
    [A407_FILE_ABSENT] = "not there",
};

static const char *const level_names[] = {
    [A407_LOG_CHALLENGE] = "challenge",
    [A407_LOG_REQUEST] = "request",
};

static void show_schemes(const struct a407_config *c)
{
    struct a407_buf b;
    size_t i;

    a407_buf_init(&b, LINE_MAX_BYTES);
    for (i = 0; i < c->n_order; i++)
        a407_buf_fmt(&b, "%s%s", i ? ", " : "", a407_scheme_name(c->order[i]));
    a407_note("schemes: %.*s", (int)b.n, b.n ? b.p : "");
    a407_buf_free(&b);
}

/* Settings that only some schemes look at. */
static void show_limits(const struct a407_config *c)
{
    static const char *const clear[] = {
        [A407_CLEAR_AUTO] = "until a better scheme has worked",
        [A407_CLEAR_YES] = "yes",
        [A407_CLEAR_NO] = "only to this machine"};

    a407_note("basic and bearer without encryption: %s", clear[c->clear]);
    a407_note("what has worked is remembered: %s", c->memory ? "yes" : "no");
    a407_note("ntlm: %s", c->ntlm_v1 ? "v1" : "v2");
    a407_note("kerberos service: %s%s",
              c->service ? c->service : "HTTP at the proxy's name",
              c->canonicalize ? ", canonicalized" : "");
    a407_note("helper timeout: %u s", c->helper_ms / 1000);
}

static void show_proxy(const struct a407_known_proxy *p)
{
    struct a407_buf b;

    a407_buf_init(&b, LINE_MAX_BYTES);
    a407_endpoint_add(&b, &p->endpoint);
    a407_note("proxy: %.*s, from %s%s", (int)b.n, b.n ? b.p : "",
              p->from_environment ? "the environment" : "the credential file",
              p->tls ? "; over TLS, which the library can't read" : "");
    a407_buf_free(&b);
}

/* Where a secret is taken from when a proxy asks. */
static void add_source(struct a407_buf *b, const char *words, const char *place)
{
    if (place)
        a407_buf_fmt(b, ", %s %s", words, place);
}

static bool is_letter(char c)
{
    return a407_is_alpha(c) || strchr("._-\\@", c);
}

/* Alone it may be a key, which has digits within, or letters of any case. */
bool a407_user_is_name(struct a407_span user)
{
    struct a407_span left = user, letters = a407_span_run(&left, is_letter);
    size_t i;

    for (i = 1; i < letters.n; i++)
        if (letters.p[i] >= 'A' && letters.p[i] <= 'Z' &&
            letters.p[i - 1] >= 'a' && letters.p[i - 1] <= 'z')
            return false;
    a407_span_run(&left, a407_is_digit);
    return letters.n && !left.n && user.n <= 20 && user.n - letters.n < 4;
}

/* The user name is shown beside a password, or if it is no key. */
void a407_credential_describe(struct a407_buf *b,
                              const struct a407_credential *k)
{
    bool pair =
        k->username && ((k->password && *k->password) || k->password_file ||
                        k->netrc || k->helper || k->keytab);

    if (k->from == A407_FROM_VARIABLES)
        a407_buf_str(b, "the proxies of the environment");
    else
        a407_endpoint_add(b, &k->endpoint);
    if (pair || a407_user_is_name(a407_span_str(k->username)))
        /* with a colon it is likely to hold a password, wrongly */
        a407_buf_fmt(b, ", user %.*s%s", (int)strcspn(k->username, ":"),
                     k->username, strchr(k->username, ':') ? ":..." : "");
    if (k->username && !pair && !k->token)
        a407_buf_str(b, ", without a password");
    else if (k->password)
        a407_buf_str(b, ", with a password");
    if (k->token)
        a407_buf_str(b, ", with a token");
    add_source(b, "password from", k->password_file);
    add_source(b, "token from", k->token_file);
    add_source(b, "netrc", k->netrc);
    add_source(b, "keytab", k->keytab);
    add_source(b, "service", k->service);
    if (k->helper)
        a407_buf_str(b, ", from a helper");
}

static void show_credential(const struct a407_credential *k)
{
    struct a407_buf b;

    a407_buf_init(&b, LINE_MAX_BYTES);
    a407_credential_describe(&b, k);
    a407_note("credential: %s, for %.*s", k->label, (int)b.n, b.n ? b.p : "");
    a407_buf_free(&b);
}

void a407_settings_show(const struct a407_settings *s)
{
    const struct a407_config *c = s->config;
    const struct a407_known_proxy *p;
    const struct a407_credential *k;

    a407_note("mode: %s", mode_names[c->mode]);
    a407_note("log: %s, level %s", c->log, level_names[c->log_level]);
    show_schemes(c);
    show_limits(c);
    if (c->credentials_path)
        a407_note("credential file: %s, %s", c->credentials_path,
                  file_words[s->file]);
    for (p = c->proxies; p; p = p->next)
        show_proxy(p);
    if (!c->proxies)
        a407_note("proxy: none configured");
    for (k = c->credentials; k; k = k->next)
        show_credential(k);
    if (!c->credentials)
        a407_note("credential: none configured");
}
