/* SPDX-License-Identifier: MIT */
/* The rules are docs/credentials.md, "Which credential is used". */
#include "config.h"
#include "exact.h"

#include <stdio.h>

/* An environment: name, value, ..., NULL. */
static const char *look_up(void *ctx, const char *name)
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

static struct a407_config *with(const char **env, struct a407_diag *diag)
{
    struct a407_config *c = a407_config_new(look_up, env, diag);
    assert_non_null(c);
    return c;
}

static struct a407_config *good(const char **env)
{
    struct a407_diag diag = {"left over"};
    struct a407_config *c = with(env, &diag);
    assert_string_equal(diag.text, "");
    return c;
}

static void add_file(struct a407_config *c, const char *text)
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
static const char *users(const struct a407_config *c, const char *endpoint)
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
        strcat(text, got[i]->malformed ? "!" : "");
        strcat(text, got[i]->username ? got[i]->username : "-");
    }
    return text;
}

static const struct a407_known_proxy *known(const struct a407_config *c,
                                            const char *endpoint)
{
    struct a407_endpoint e;
    assert_true(a407_endpoint_parse(a407_span_str(endpoint), &e));
    return a407_config_proxy(c, &e);
}

static void test_defaults(void **state)
{
    struct a407_config *c = good(ENV("HOME", "/home/u"));
    (void)state;
    assert_int_equal(c->mode, A407_MODE_INJECT);
    assert_int_equal(c->log_level, A407_LOG_CHALLENGE);
    assert_string_equal(c->log, "/home/u/.local/state/auth407/407.jsonl");
    assert_string_equal(c->state_dir, "/home/u/.local/state/auth407");
    assert_string_equal(c->credentials_path,
                        "/home/u/.config/auth407/credentials");
    assert_int_equal(c->n_order, A407_SCHEME_COUNT);
    for (unsigned i = 0; i < A407_SCHEME_COUNT; i++)
        assert_int_equal(c->order[i], i);
    assert_int_equal(c->schemes, A407_ALL_SCHEMES);
    assert_int_equal(c->replay_max, 16777216);
    assert_int_equal(c->wait_ms, 60000);
    assert_int_equal(c->lockout_s, 900);
    assert_int_equal(c->helper_ms, 10000);
    assert_true(c->clear_ok);
    assert_false(c->ntlm_v1);
    assert_false(c->canonicalize);
    assert_null(c->service);
    assert_null(c->proxies);
    assert_null(c->credentials);
    a407_config_free(c);
    a407_config_free(NULL);
}

static void test_paths(void **state)
{
    (void)state;
    struct a407_config *c = good(
        ENV("HOME", "/h", "XDG_STATE_HOME", "/s", "XDG_CONFIG_HOME", "/c"));
    assert_string_equal(c->log, "/s/auth407/407.jsonl");
    assert_string_equal(c->state_dir, "/s/auth407");
    assert_string_equal(c->credentials_path, "/c/auth407/credentials");
    a407_config_free(c);

    /* XDG base directories: a relative path is to be ignored */
    c = good(ENV("HOME", "/h", "XDG_STATE_HOME", "s", "XDG_CONFIG_HOME", ""));
    assert_string_equal(c->state_dir, "/h/.local/state/auth407");
    assert_string_equal(c->credentials_path, "/h/.config/auth407/credentials");
    a407_config_free(c);

    c = good(ENV("HOME", ""));
    assert_string_equal(c->log, "none");
    assert_null(c->state_dir);
    assert_null(c->credentials_path);
    a407_config_free(c);

    c = good(ENV("AUTH407_LOG", "stderr", "AUTH407_CREDENTIALS", "x/y"));
    assert_string_equal(c->log, "stderr");
    assert_string_equal(c->credentials_path, "x/y");
    assert_int_equal(c->log_max_size, 0);
    a407_config_free(c);

    c = good(ENV("AUTH407_LOG", "syslog://[::1]:5140", "AUTH407_LOG_MAX_SIZE",
                 "64M"));
    assert_string_equal(c->log, "syslog://[::1]:5140");
    assert_int_equal(c->log_max_size, 67108864);
    a407_config_free(c);
}

static void test_settings(void **state)
{
    (void)state;
    struct a407_config *c =
        good(ENV("AUTH407_MODE", "observe", "AUTH407_LOG_LEVEL", "request",
                 "AUTH407_SCHEMES", "basic, NTLM", "AUTH407_REPLAY_MAX", "0",
                 "AUTH407_TIMEOUT", "3600", "AUTH407_RETRY_AFTER", "31622400"));
    assert_int_equal(c->mode, A407_MODE_OBSERVE);
    assert_int_equal(c->log_level, A407_LOG_REQUEST);
    assert_int_equal(c->n_order, 2);
    assert_int_equal(c->order[0], A407_BASIC);
    assert_int_equal(c->order[1], A407_NTLM);
    assert_int_equal(c->schemes,
                     A407_SCHEME_BIT(A407_BASIC) | A407_SCHEME_BIT(A407_NTLM));
    assert_int_equal(c->replay_max, 0);
    assert_int_equal(c->wait_ms, 3600000);
    assert_int_equal(c->lockout_s, 31622400);
    a407_config_free(c);
    c = good(ENV("AUTH407_HELPER_TIMEOUT", "3600", "AUTH407_CLEAR", "no",
                 "AUTH407_NTLM", "V1", "AUTH407_CANONICALIZE", "Yes",
                 "AUTH407_SERVICE", "HTTP/p.example@REALM"));
    assert_int_equal(c->helper_ms, 3600000);
    assert_false(c->clear_ok);
    assert_true(c->ntlm_v1);
    assert_true(c->canonicalize);
    assert_string_equal(c->service, "HTTP/p.example@REALM");
    a407_config_free(c);
    c = good(ENV("AUTH407_HELPER_TIMEOUT", "", "AUTH407_CLEAR", "YES",
                 "AUTH407_NTLM", "v2", "AUTH407_CANONICALIZE", "no",
                 "AUTH407_SERVICE", ""));
    assert_int_equal(c->helper_ms, 10000);
    assert_true(c->clear_ok);
    assert_false(c->ntlm_v1);
    assert_false(c->canonicalize);
    assert_null(c->service);
    a407_config_free(c);
    c = good(ENV("AUTH407_MODE", "off", "AUTH407_MODE", "x"));
    assert_int_equal(c->mode, A407_MODE_OFF);
    a407_config_free(c);
}

/* A bad value is told, without repeating it, and its default is used. */
static void test_bad_settings(void **state)
{
    static const char *const bad[][2] = {
        {"AUTH407_MODE", "inject hunter2"},
        {"AUTH407_LOG", "syslog://hunter2"},
        {"AUTH407_LOG_LEVEL", "hunter2"},
        {"AUTH407_LOG_MAX_SIZE", "hunter2"},
        {"AUTH407_SCHEMES", "basic,hunter2"},
        {"AUTH407_SCHEMES", ","},
        {"AUTH407_REPLAY_MAX", "-1"},
        {"AUTH407_REPLAY_MAX", "1073741825"},
        {"AUTH407_REPLAY_MAX", "99999999999999999999999"},
        {"AUTH407_REPLAY_MAX", "16M"},
        {"AUTH407_TIMEOUT", "0"},
        {"AUTH407_TIMEOUT", "3601"},
        {"AUTH407_TIMEOUT", " 5"},
        {"AUTH407_RETRY_AFTER", "31622401"},
        {"AUTH407_HELPER_TIMEOUT", "0"},
        {"AUTH407_HELPER_TIMEOUT", "3601"},
        {"AUTH407_CLEAR", "hunter2"},
        {"AUTH407_CLEAR", "1"},
        {"AUTH407_NTLM", "v3"},
        {"AUTH407_NTLM", "ntlmv2"},
        {"AUTH407_CANONICALIZE", "yes "},
        {"AUTH407_SERVICE", "/hunter2"},
        {"AUTH407_SERVICE", "HTTP@"},
        {"AUTH407_SERVICE", "HTTP@h\n"},
        {"AUTH407_PROXY", "a:1,u:hunter2@:1"},
        {"http_proxy", "http://u:hunter2@h:99999"},
        {"AUTH407_PASSWORD", "hunter2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct a407_diag diag;
        struct a407_config *c = with(ENV(bad[i][0], bad[i][1]), &diag);
        if (strncmp(diag.text, bad[i][0], strlen(bad[i][0])) != 0)
            fail_msg("%s=%s: \"%s\"", bad[i][0], bad[i][1], diag.text);
        assert_null(strstr(diag.text, "hunter2"));
        assert_int_equal(c->mode, A407_MODE_INJECT);
        assert_int_equal(c->log_level, A407_LOG_CHALLENGE);
        assert_int_equal(c->log_max_size, 0);
        assert_string_equal(c->log, "none");
        assert_int_equal(c->schemes, A407_ALL_SCHEMES);
        assert_int_equal(c->replay_max, 16777216);
        assert_int_equal(c->wait_ms, 60000);
        assert_int_equal(c->lockout_s, 900);
        assert_int_equal(c->helper_ms, 10000);
        assert_true(c->clear_ok);
        assert_false(c->ntlm_v1 || c->canonicalize || c->service);
        assert_null(c->credentials);
        a407_config_free(c);
    }
    /* the first one is what is told */
    struct a407_diag diag;
    struct a407_config *c =
        with(ENV("AUTH407_PROXY", "a b", "AUTH407_MODE", "x"), &diag);
    assert_non_null(strstr(diag.text, "AUTH407_MODE"));
    a407_config_free(c);
}

static void test_proxies(void **state)
{
    (void)state;
    struct a407_config *c =
        good(ENV("http_proxy", "http://a:1", "HTTPS_PROXY", "https://b",
                 "ALL_PROXY", "socks5://s:1080", "ftp_proxy", "c:3",
                 "AUTH407_PROXY", " d:4,http://u:p@e:5 ,,https://f:6",
                 "no_proxy", "a", "HTTP_PROXY", "http://u:p@A:1/"));
    assert_null(known(c, "s:1080"));
    assert_null(known(c, "a:2"));
    static const char *const names[] = {"a:1", "b:443", "c:3",
                                        "d:4", "e:5",   "f:6"};
    for (size_t i = 0; i < 6; i++) {
        assert_non_null(known(c, names[i]));
        assert_true(known(c, names[i])->from_environment);
    }
    assert_true(known(c, "b:443")->tls);
    assert_true(known(c, "f:6")->tls);
    assert_false(known(c, "a:1")->tls);
    assert_true(known(c, "a:1")->url_has_userinfo);
    /* a client does not read AUTH407_PROXY */
    assert_false(known(c, "e:5")->url_has_userinfo);
    a407_config_free(c);

    /* one entry for one endpoint, plain if anybody says so */
    c = good(ENV("http_proxy", "http://a:1", "https_proxy", "https://a:1"));
    assert_false(known(c, "a:1")->tls);
    assert_null(c->proxies->next);
    a407_config_free(c);
}

/* curl goes to 1080 where no port is given, most others to 80. */
static void test_default_port(void **state)
{
    (void)state;
    struct a407_config *c = good(ENV("http_proxy", "u:p@h", "https_proxy",
                                     "https://v:p@h", "ftp_proxy", "w:p@k:80"));
    assert_non_null(known(c, "h:80"));
    assert_non_null(known(c, "h:1080"));
    assert_non_null(known(c, "h:443"));
    assert_null(known(c, "k:1080"));
    assert_string_equal(users(c, "h:80"), "u");
    assert_string_equal(users(c, "h:1080"), "u");
    assert_string_equal(users(c, "h:443"), "v");
    a407_config_free(c);
}

/* A malformed entry is told by its number and skipped; the others stand. */
static void test_bad_entry(void **state)
{
    struct a407_diag diag;
    struct a407_config *c = with(ENV("AUTH407_PROXY", "a:1,b c:2,d:3"), &diag);
    (void)state;
    assert_non_null(strstr(diag.text, "entry 2"));
    assert_non_null(known(c, "a:1"));
    assert_non_null(known(c, "d:3"));
    a407_config_free(c);
}

/* CVE-2016-5385: in CGI, HTTP_PROXY is what the client says. */
static void test_cgi(void **state)
{
    (void)state;
    struct a407_config *c =
        good(ENV("REQUEST_METHOD", "GET", "HTTP_PROXY", "http://evil:1",
                 "http_proxy", "http://a:1", "HTTPS_PROXY", "http://b:1",
                 "AUTH407_USERNAME", "u", "AUTH407_PASSWORD", "p"));
    assert_null(known(c, "evil:1"));
    assert_string_equal(users(c, "evil:1"), "elsewhere");
    assert_string_equal(users(c, "a:1"), "u");
    assert_string_equal(users(c, "b:1"), "u");
    a407_config_free(c);
}

static void test_variables(void **state)
{
    (void)state;
    struct a407_config *c =
        good(ENV("AUTH407_USERNAME", "CORP\\alice", "AUTH407_PASSWORD",
                 " p:%41 ", "AUTH407_DOMAIN", "D", "AUTH407_TOKEN", "t"));
    const struct a407_credential *k = c->credentials;
    assert_string_equal(k->username, "CORP\\alice");
    assert_string_equal(k->password, " p:%41 ");
    assert_string_equal(k->domain, "D");
    assert_string_equal(k->token, "t");
    assert_string_equal(k->label, "AUTH407_USERNAME");
    assert_string_equal(k->endpoint.host, "*");
    assert_int_equal(k->endpoint.port, 0);
    assert_int_equal(k->from, A407_FROM_VARIABLES);
    assert_int_equal(k->schemes, A407_ALL_SCHEMES);
    assert_false(k->malformed);
    assert_null(k->next);
    a407_config_free(c);

    c = good(ENV("AUTH407_TOKEN", "t", "AUTH407_USERNAME", "",
                 "AUTH407_PASSWORD", ""));
    assert_string_equal(c->credentials->label, "AUTH407_TOKEN");
    assert_null(c->credentials->username);
    assert_null(c->credentials->password);
    a407_config_free(c);

    c = good(ENV("AUTH407_USERNAME", "u"));
    assert_null(c->credentials->password);
    a407_config_free(c);
    c = good(ENV("AUTH407_DOMAIN", "D"));
    assert_null(c->credentials);
    a407_config_free(c);
}

/* It is known where a credential stands, but nothing of it that can't be sent.
 */
static void test_malformed(void **state)
{
    static const char *const bad[][2] = {
        {"AUTH407_PASSWORD", "p\n"},
        {"AUTH407_PASSWORD", "p\r\nX: y"},
        {"AUTH407_PASSWORD", "\x01"},
        {"AUTH407_TOKEN", "t\n"},
        {"AUTH407_DOMAIN", "D\n"},
        {"https_proxy", "http://u:%zz@h:1"},
        {"https_proxy", "http://u:p%0a@h:1"},
        {"https_proxy", "http://u:a/b@h:1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool ours = strncmp(bad[i][0], "AUTH407", 7) == 0;
        struct a407_config *c =
            good(ENV(bad[i][0], bad[i][1], ours ? "AUTH407_USERNAME" : "x", "u",
                     "http_proxy", "h:1"));
        assert_true(c->credentials->malformed);
        assert_null(c->credentials->next);
        assert_string_equal(users(c, "h:1"), ours ? "!u" : "!-");
        assert_null(c->credentials->password);
        assert_null(c->credentials->token);
        assert_null(c->credentials->domain);
        assert_int_equal(known(c, "h:1")->url_has_userinfo, !ours);
        a407_config_free(c);
    }
    struct a407_config *c =
        good(ENV("AUTH407_USERNAME", "u\n", "http_proxy", "h:1"));
    assert_string_equal(users(c, "h:1"), "!-");
    a407_config_free(c);
}

/* What AUTH407_USERNAME is for: endpoints that the environment names. */
static void test_who_gets_the_variables(void **state)
{
    (void)state;
    struct a407_config *c = good(ENV("AUTH407_USERNAME", "v", "http_proxy",
                                     "a:1", "AUTH407_PROXY", "b:2"));
    add_file(c, "[f:3]\nusername = f\n[g:4]\n[*.d]\nusername = d\n"
                "[b:2]\nusername = b\n");
    assert_string_equal(users(c, "a:1"), "v");
    assert_string_equal(users(c, "b:2"), "v,b");
    /* only the file names it */
    assert_string_equal(users(c, "f:3"), "f");
    assert_string_equal(users(c, "g:4"), "-");
    assert_string_equal(users(c, "x.d:1"), "d");
    /* nobody names it */
    assert_string_equal(users(c, "z:1"), "elsewhere");
    assert_string_equal(users(c, "a:2"), "elsewhere");
    assert_true(known(c, "b:2")->from_environment);
    assert_false(known(c, "f:3")->from_environment);
    assert_false(known(c, "g:4")->from_environment);
    assert_null(known(c, "x.d:1"));
    a407_config_free(c);
}

/* Userinfo of a URL is for that very host and port. */
static void test_who_gets_userinfo(void **state)
{
    (void)state;
    struct a407_config *c =
        good(ENV("http_proxy", "http://u:p@a:1", "https_proxy",
                 "http://v:q@b:1", "all_proxy", "http://a:2"));
    assert_string_equal(users(c, "a:1"), "u");
    assert_string_equal(users(c, "b:1"), "v");
    assert_string_equal(users(c, "a:2"), "elsewhere");
    assert_string_equal(users(c, "x.a:1"), "elsewhere");
    assert_string_equal(c->credentials->label, "https_proxy");
    assert_int_equal(c->credentials->from, A407_FROM_PROXY_URL);
    a407_config_free(c);

    /* curl's way to say "no user name" is no credential */
    c = good(ENV("http_proxy", "http://:@a:1"));
    assert_null(c->credentials);
    assert_false(known(c, "a:1")->url_has_userinfo);
    assert_string_equal(users(c, "a:1"), "");
    a407_config_free(c);
}

static void test_order(void **state)
{
    (void)state;
    struct a407_config *c =
        good(ENV("AUTH407_USERNAME", "v", "http_proxy", "http://u:p@a.b.c:1"));
    add_file(c, "[a.b.c:1]\nusername = f1\n"
                "[*.b.c:1]\nusername = s2\n"
                "[a.b.c]\nusername = h1\n"
                "[a.b.c:1]\nusername = f2\n"
                "[*.c]\nusername = s1\n"
                "[*.b.c:1]\nusername = s3\n"
                "[*.b.c]\nusername = s4\n");
    assert_string_equal(users(c, "a.b.c:1"), "v,u,f1,f2");
    assert_string_equal(users(c, "a.b.c:2"), "h1");
    assert_string_equal(users(c, "x.b.c:1"), "s2,s3");
    assert_string_equal(users(c, "x.b.c:2"), "s4");
    assert_string_equal(users(c, "x.c:9"), "s1");
    assert_string_equal(users(c, "c:9"), "elsewhere");
    a407_config_free(c);
}

/* The same secret twice would be two wrong logins. */
static void test_each_once(void **state)
{
    (void)state;
    struct a407_config *c =
        good(ENV("http_proxy", "http://u:p@a:1", "HTTP_PROXY",
                 "http://u:p@a:1/", "https_proxy", "http://u:%70@a:1",
                 "AUTH407_USERNAME", "u", "AUTH407_PASSWORD", "p"));
    add_file(c, "[a:1]\nusername = u\npassword = p\nschemes = basic\n"
                "[a:1]\nusername = u\npassword = q\nschemes = basic\n"
                "[a:1]\nusername = u\npassword = q\nschemes = basic,digest\n");
    struct a407_endpoint e;
    const struct a407_credential *got[8];
    bool elsewhere;
    assert_true(a407_endpoint_parse(a407_span_str("a:1"), &e));
    assert_int_equal(a407_config_credentials(c, &e, got, 8, &elsewhere), 3);
    assert_int_equal(got[0]->from, A407_FROM_VARIABLES);
    assert_string_equal(got[1]->password, "q");
    assert_string_equal(got[2]->password, "q"); /* it may do more */
    assert_false(elsewhere);
    /* room for fewer */
    assert_int_equal(a407_config_credentials(c, &e, got, 1, &elsewhere), 1);
    assert_int_equal(a407_config_credentials(c, &e, NULL, 0, &elsewhere), 0);
    assert_false(elsewhere);
    a407_config_free(c);
}

/* The same, for what the secret is taken from and what goes with it. */
static void test_each_source_once(void **state)
{
    static const struct {
        const char *second; /* after [a:1] and what stands below */
        size_t n;
    } cases[] = {
        {"", 1},
        {"schemes = digest\n", 1},
        {"service = HTTP@b\n", 2},
        {"service = HTTP@b\nschemes = digest\n", 1},
        {"keytab = /k\n", 2},
        {"keytab = /k\nschemes = digest\n", 1},
        {"token = t\n", 2},
        {"token-file = /t\n", 2},
        {"domain = d\n", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const char section[] =
            "[a:1]\nusername = u\npassword-file = /p\n";
        struct a407_config *c = good(ENV("http_proxy", "a:1"));
        char text[300];
        snprintf(text, sizeof text, "%s%s%s", section, section,
                 cases[i].second);
        add_file(c, text);
        struct a407_endpoint e;
        const struct a407_credential *got[8];
        bool elsewhere;
        assert_true(a407_endpoint_parse(a407_span_str("a:1"), &e));
        if (a407_config_credentials(c, &e, got, 8, &elsewhere) != cases[i].n)
            fail_msg("%s", text);
        a407_config_free(c);
    }
}

/* ~/ is HOME in what names a file, and nowhere else. */
static void test_home(void **state)
{
    static const char text[] =
        "[a:1]\nusername = ~/u\npassword-file = ~/p\ntoken-file = ~/t/~/x\n"
        "keytab = ~/k\n[b:1]\nnetrc = ~/.netrc\n[c:1]\nhelper = ~/get\n";
    struct a407_diag diag;
    (void)state;
    struct a407_config *c = good(ENV("HOME", "/h"));
    add_file(c, text);
    const struct a407_credential *k = c->credentials;
    assert_string_equal(k->username, "~/u");
    assert_string_equal(k->password_file, "/h/p");
    assert_string_equal(k->token_file, "/h/t/~/x");
    assert_string_equal(k->keytab, "/h/k");
    assert_string_equal(k->next->netrc, "/h/.netrc");
    assert_string_equal(k->next->next->helper, "~/get"); /* the shell's */
    a407_config_free(c);
    /* never a folder "~" in whatever folder the program is in */
    for (int i = 0; i < 2; i++) {
        c = good(ENV("HOME", i ? "h" : "", "AUTH407_CREDENTIALS", "F"));
        assert_false(a407_config_add_file(c, text, sizeof text - 1, &diag));
        assert_string_equal(diag.text,
                            "F:1: a path starts with ~/, but HOME is not set; "
                            "write it in full");
        assert_null(c->credentials);
        assert_null(c->proxies);
        a407_config_free(c);
    }
}

static void test_no_credential(void **state)
{
    (void)state;
    struct a407_config *c = good(ENV("http_proxy", "http://a:1"));
    assert_string_equal(users(c, "a:1"), "");
    assert_string_equal(users(c, "b:1"), "");
    add_file(c, "");
    assert_string_equal(users(c, "a:1"), "");
    add_file(c, "[b:1]\n[a]\nusername = a\nexpires = 1999-01-01\n");
    assert_string_equal(users(c, "a:1"), "a"); /* the proxy is to say no */
    a407_config_free(c);
}

/* An error in the file adds nothing and is told with the file's name. */
static void test_bad_file(void **state)
{
    static const char text[] = "[b:1]\nusername = b\n[c:1\n";
    struct a407_diag diag;
    struct a407_config *c = good(ENV("http_proxy", "http://a:1", "HOME", "/h"));
    (void)state;
    assert_false(a407_config_add_file(c, text, sizeof text - 1, &diag));
    assert_int_equal(
        strncmp(diag.text, "/h/.config/auth407/credentials:3: ", 34), 0);
    assert_null(known(c, "b:1"));
    assert_null(c->credentials);
    a407_config_free(c);
    /* a section says nothing about TLS */
    c = good(ENV("http_proxy", "https://a:1"));
    add_file(c, "[a:1]\nusername = u\n");
    assert_true(known(c, "a:1")->tls);
    assert_true(known(c, "a:1")->from_environment);
    a407_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_default_port),
        cmocka_unit_test(test_bad_entry),
        cmocka_unit_test(test_cgi),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_who_gets_the_variables),
        cmocka_unit_test(test_who_gets_userinfo),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_each_source_once),
        cmocka_unit_test(test_home),
        cmocka_unit_test(test_no_credential),
        cmocka_unit_test(test_bad_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
