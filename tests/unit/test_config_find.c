/* SPDX-License-Identifier: MIT */
/* The rules are docs/credentials.md, "Which credential is used". */
#include "config_help.h"
#include "unit.h"

/* What AUTH407_USERNAME is for: endpoints that the environment names. */
TEST(who_gets_the_variables)
{
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
TEST(who_gets_userinfo)
{
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

TEST(order)
{
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
TEST(each_once)
{
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
TEST(each_source_once)
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

TEST(no_credential)
{
    struct a407_config *c = good(ENV("http_proxy", "http://a:1"));
    assert_string_equal(users(c, "a:1"), "");
    assert_string_equal(users(c, "b:1"), "");
    add_file(c, "");
    assert_string_equal(users(c, "a:1"), "");
    add_file(c, "[b:1]\n[a]\nusername = a\nexpires = 1999-01-01\n");
    assert_string_equal(users(c, "a:1"), "a"); /* the proxy is to say no */
    a407_config_free(c);
}
