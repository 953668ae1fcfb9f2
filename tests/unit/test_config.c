/* SPDX-License-Identifier: MIT */
/* The variables and the file: docs/auth407.1, docs/credentials.md. */
#include "config_help.h"
#include "unit.h"

TEST(defaults)
{
    struct a407_config *c = good(ENV("HOME", "/home/u"));
    assert_int_equal(c->mode, A407_MODE_INJECT);
    assert_int_equal(c->log_level, A407_LOG_CHALLENGE);
    assert_string_equal(c->log, "/home/u/.local/state/auth407/407.jsonl");
    assert_string_equal(c->state_dir, "/home/u/.local/state/auth407");
    assert_string_equal(c->credentials_path,
                        "/home/u/.config/auth407/credentials");
    assert_int_equal(c->n_order, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(c->order[i], i);
    assert_int_equal(c->schemes, A407_SCHEME_BIT(5) - 1);
    assert_int_equal(c->replay_max, 16777216);
    assert_int_equal(c->wait_ms, 60000);
    assert_int_equal(c->silence_ms, 2000);
    assert_int_equal(c->lockout_s, 900);
    assert_int_equal(c->helper_ms, 10000);
    assert_int_equal(c->clear, A407_CLEAR_AUTO);
    assert_false(c->ntlm_v1);
    assert_false(c->canonicalize);
    assert_null(c->service);
    assert_null(c->proxies);
    assert_null(c->credentials);
    a407_config_free(c);
    a407_config_free(NULL);
}

TEST(paths)
{
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

    c = good(ENV("AUTH407_RUN", "20261129T175512Z-4711"));
    assert_string_equal(c->run, "20261129T175512Z-4711");
    a407_config_free(c);
    c = good(ENV("AUTH407_RUN", "a b"));
    assert_string_equal(c->run, "");
    a407_config_free(c);
    c = good(ENV("AUTH407_LOG", "stderr", "AUTH407_CREDENTIALS", "x/y"));
    assert_string_equal(c->log, "stderr");
    assert_string_equal(c->credentials_path, "x/y");
    assert_null(c->credentials_else);
    assert_int_equal(c->log_max_size, 0);
    a407_config_free(c);

    /* a service's folder comes before the user's own, not before a named one */
    c = good(ENV("HOME", "/h", "CREDENTIALS_DIRECTORY", "/run/x.service"));
    assert_string_equal(c->credentials_path, "/run/x.service/auth407");
    assert_string_equal(c->credentials_else, "/h/.config/auth407/credentials");
    a407_config_free(c);
    c = good(ENV("CREDENTIALS_DIRECTORY", "/run", "AUTH407_CREDENTIALS", "x"));
    assert_string_equal(c->credentials_path, "x");
    assert_null(c->credentials_else);
    a407_config_free(c);
    c = good(ENV("HOME", "/h", "CREDENTIALS_DIRECTORY", "run"));
    assert_string_equal(c->credentials_path, "/h/.config/auth407/credentials");
    assert_null(c->credentials_else);
    a407_config_free(c);

    c = good(ENV("AUTH407_LOG", "syslog://[::1]:5140", "AUTH407_LOG_MAX_SIZE",
                 "64M"));
    assert_string_equal(c->log, "syslog://[::1]:5140");
    assert_int_equal(c->log_max_size, 67108864);
    a407_config_free(c);
}

/* What the launcher had handed over is not there any more. */
TEST(lost)
{
    struct a407_config *c = good(ENV("AUTH407_SECRETS_FD", "500"));
    assert_true(c->credentials->lost);
    assert_true(a407_credential_is_outside(c->credentials));
    assert_string_equal(c->credentials->label, "AUTH407_SECRETS_FD");
    a407_config_free(c);
    c = good(ENV("AUTH407_SECRETS_FD", "500", "AUTH407_USERNAME", "u"));
    assert_true(c->credentials->lost);
    assert_string_equal(c->credentials->username, "u");
    a407_config_free(c);
    c = good(ENV("AUTH407_SECRETS_FD", "500", "AUTH407_TOKEN", "t"));
    assert_false(c->credentials->lost);
    a407_config_free(c);
}

TEST(settings)
{
    struct a407_config *c =
        good(ENV("AUTH407_MODE", "observe", "AUTH407_LOG_LEVEL", "request",
                 "AUTH407_SCHEMES", "basic, NTLM", "AUTH407_REPLAY_MAX", "0",
                 "AUTH407_TIMEOUT", "3600", "AUTH407_RETRY_AFTER", "31622400",
                 "AUTH407_SILENCE_TIMEOUT", "3600"));
    assert_int_equal(c->mode, A407_MODE_OBSERVE);
    assert_int_equal(c->log_level, A407_LOG_REQUEST);
    assert_int_equal(c->n_order, 2);
    assert_int_equal(c->order[0], A407_BASIC);
    assert_int_equal(c->order[1], A407_NTLM);
    assert_int_equal(c->schemes,
                     A407_SCHEME_BIT(A407_BASIC) | A407_SCHEME_BIT(A407_NTLM));
    assert_int_equal(c->replay_max, 0);
    assert_int_equal(c->wait_ms, 3600000);
    assert_int_equal(c->silence_ms, 3600000);
    assert_int_equal(c->lockout_s, 31622400);
    a407_config_free(c);
    c = good(ENV("AUTH407_HELPER_TIMEOUT", "3600", "AUTH407_CLEAR", "no",
                 "AUTH407_NTLM", "V1", "AUTH407_CANONICALIZE", "Yes",
                 "AUTH407_SERVICE", "HTTP/p.example@REALM"));
    assert_int_equal(c->helper_ms, 3600000);
    assert_int_equal(c->clear, A407_CLEAR_NO);
    assert_true(c->ntlm_v1);
    assert_true(c->canonicalize);
    assert_string_equal(c->service, "HTTP/p.example@REALM");
    a407_config_free(c);
    c = good(ENV("AUTH407_HELPER_TIMEOUT", "", "AUTH407_CLEAR", "YES",
                 "AUTH407_NTLM", "v2", "AUTH407_CANONICALIZE", "no",
                 "AUTH407_SERVICE", ""));
    assert_int_equal(c->helper_ms, 10000);
    assert_int_equal(c->clear, A407_CLEAR_YES);
    assert_false(c->ntlm_v1);
    assert_false(c->canonicalize);
    assert_null(c->service);
    a407_config_free(c);
    c = good(ENV("AUTH407_CLEAR", "Auto"));
    assert_int_equal(c->clear, A407_CLEAR_AUTO);
    a407_config_free(c);
    c = good(ENV("AUTH407_MODE", "off", "AUTH407_MODE", "x"));
    assert_int_equal(c->mode, A407_MODE_OFF);
    a407_config_free(c);
}

/* A bad value is told, without repeating it, and its default is used. */
TEST(bad_settings)
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
        {"AUTH407_SILENCE_TIMEOUT", "0"},
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
        assert_int_equal(c->schemes, A407_SCHEME_BIT(5) - 1);
        assert_int_equal(c->replay_max, 16777216);
        assert_int_equal(c->wait_ms, 60000);
        assert_int_equal(c->lockout_s, 900);
        assert_int_equal(c->helper_ms, 10000);
        assert_int_equal(c->clear, A407_CLEAR_AUTO);
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

TEST(proxies)
{
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
TEST(default_port)
{
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
TEST(bad_entry)
{
    struct a407_diag diag;
    struct a407_config *c = with(ENV("AUTH407_PROXY", "a:1,b c:2,d:3"), &diag);
    assert_non_null(strstr(diag.text, "entry 2"));
    assert_non_null(known(c, "a:1"));
    assert_non_null(known(c, "d:3"));
    a407_config_free(c);
}

/* CVE-2016-5385: in CGI, HTTP_PROXY is what the client says. */
TEST(cgi)
{
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

TEST(variables)
{
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
    assert_false(k->malformed.code);
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
TEST(malformed)
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
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool ours = strncmp(bad[i][0], "AUTH407", 7) == 0;
        struct a407_config *c =
            good(ENV(bad[i][0], bad[i][1], ours ? "AUTH407_USERNAME" : "x", "u",
                     "http_proxy", "h:1"));
        assert_true(c->credentials->malformed.code);
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

/* ~/ is HOME in what names a file, and nowhere else. */
TEST(home)
{
    static const char text[] =
        "[a:1]\nusername = ~/u\npassword-file = ~/p\ntoken-file = ~/t/~/x\n"
        "keytab = ~/k\n[b:1]\nnetrc = ~/.netrc\n[c:1]\nhelper = ~/get\n";
    struct a407_diag diag;
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

/* An error in the file adds nothing and is told with the file's name. */
TEST(bad_file)
{
    static const char text[] = "[b:1]\nusername = b\n[c:1\n";
    struct a407_diag diag;
    struct a407_config *c = good(ENV("http_proxy", "http://a:1", "HOME", "/h"));
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
