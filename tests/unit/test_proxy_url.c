/* SPDX-License-Identifier: MIT */
#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/config/credential.h"
#include "unit.h"

static bool parse(const char *z, size_t n, struct a407_proxy_url *u)
{
    char *p = exact(z, n);
    bool ok = a407_proxy_url_parse(a407_span(p, n), u);
    free(p);
    return ok;
}

#define MALFORMED "(malformed)"

/* RFC 3986 section 3.2; username NULL: no userinfo */
static const struct {
    const char *text, *scheme, *host;
    unsigned port;
    bool port_given;
    const char *username, *password;
} good[] = {
    {"http://proxy:3128", "http", "proxy", 3128, true, NULL, NULL},
    {"http://proxy:3128/", "http", "proxy", 3128, true, NULL, NULL},
    {"HTTP://Proxy.Example:3128/x?y#z", "http", "proxy.example", 3128, true,
     NULL, NULL},
    {"proxy:3128", "http", "proxy", 3128, true, NULL, NULL},
    {"proxy", "http", "proxy", 80, false, NULL, NULL},
    {"http://proxy", "http", "proxy", 80, false, NULL, NULL},
    {"http://proxy:", "http", "proxy", 80, false, NULL, NULL},
    {"https://proxy", "https", "proxy", 443, false, NULL, NULL},
    {"socks5h://proxy", "socks5h", "proxy", 1080, false, NULL, NULL},
    {"  http://proxy:1 ", "http", "proxy", 1, true, NULL, NULL},
    {"http://[2001:DB8::1]:80", "http", "2001:db8::1", 80, true, NULL, NULL},
    {"http://u:p@[::1]:80", "http", "::1", 80, true, "u", "p"},
    {"http://u:p@proxy:3128", "http", "proxy", 3128, true, "u", "p"},
    {"u:p@proxy:3128", "http", "proxy", 3128, true, "u", "p"},
    {"http://u@proxy", "http", "proxy", 80, false, "u", NULL},
    {"http://u:@proxy", "http", "proxy", 80, false, "u", ""},
    {"http://:@proxy", "http", "proxy", 80, false, "", ""},
    {"http://@proxy", "http", "proxy", 80, false, "", NULL},
    /* the password begins at the first colon, the host at the last "@" */
    {"http://u:p:q@proxy:1", "http", "proxy", 1, true, "u", "p:q"},
    {"http://u:p@q@proxy:1", "http", "proxy", 1, true, "u", "p@q"},
    {"http://u:p@q@proxy:1/a@b", "http", "proxy", 1, true, "u", "p@q"},
    {"http://proxy:1/a@b", "http", "proxy", 1, true, NULL, NULL},
    /* section 2.1 */
    {"http://CORP%5Cu:%40%3a%2F%25+%20x@proxy:1", "http", "proxy", 1, true,
     "CORP\\u", "@:/%+ x"},
    {"http://CORP\\u:p@proxy:1", "http", "proxy", 1, true, "CORP\\u", "p"},
    {"http://u%40REALM:p%C3%A9@proxy:1", "http", "proxy", 1, true, "u@REALM",
     "p\xc3\xa9"},
    {"http://u:%zz@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:100%@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:p%4@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u%zz:p@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:p%00@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:p%0d%0aX:y@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:p%0A@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:p\n@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u%7f@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    /* unencoded characters that end the authority too early */
    {"http://u:a/b@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:a#b@proxy:1/", "http", "proxy", 1, true, MALFORMED, NULL},
    {"http://u:a?b@c@proxy", "http", "proxy", 80, false, MALFORMED, NULL},
    {"u:a://b@proxy:1", "http", "proxy", 1, true, MALFORMED, NULL},
};

TEST(good)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct a407_proxy_url u;
        bool bad = good[i].username && !strcmp(good[i].username, MALFORMED);
        if (!parse(good[i].text, strlen(good[i].text), &u))
            fail_msg("refused: %s", good[i].text);
        assert_string_equal(u.scheme, good[i].scheme);
        assert_string_equal(u.endpoint.host, good[i].host);
        assert_int_equal(u.endpoint.port, good[i].port);
        assert_int_equal(u.port_given, good[i].port_given);
        if ((u.malformed.code != A407_LINT_NONE) != bad)
            fail_msg("malformed %d: %s", u.malformed.code, good[i].text);
        if (good[i].username && !bad)
            assert_string_equal(u.username, good[i].username);
        else
            assert_null(u.username);
        if (good[i].password)
            assert_string_equal(u.password, good[i].password);
        else
            assert_null(u.password);
        a407_proxy_url_clear(&u);
    }
}

TEST(no_host)
{
    static const char *const bad[] = {"",
                                      "   ",
                                      "http://",
                                      "http:///x",
                                      "http://:80",
                                      "http://u:p@",
                                      "http://u:p@:1",
                                      "http://h:99999",
                                      "http://h:x",
                                      "http://a b:80",
                                      "http://*.x:80",
                                      "://h:80",
                                      "/x",
                                      "http://[::1",
                                      "u:p@",
                                      "verylongschemename://h:80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct a407_proxy_url u;
        if (parse(bad[i], strlen(bad[i]), &u))
            fail_msg("taken: \"%s\" as %s:%u", bad[i], u.endpoint.host,
                     (unsigned)u.endpoint.port);
    }
}

/* Any prefix, and any one byte changed to any other, is survived. */
TEST(any_bytes)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[128];
        size_t n = strlen(good[i].text);
        assert_true(n < sizeof text);
        for (size_t k = 0; k <= n; k++) {
            struct a407_proxy_url u;
            if (parse(good[i].text, k, &u))
                a407_proxy_url_clear(&u);
        }
        for (size_t k = 0; k < n; k++)
            for (int c = 0; c < 256; c++) {
                struct a407_proxy_url u;
                memcpy(text, good[i].text, n);
                text[k] = (char)c;
                if (!parse(text, n, &u))
                    continue;
                assert_in_range(u.endpoint.port, 1, 65535);
                assert_in_range(strlen(u.endpoint.host), 1, A407_HOST_MAX);
                if (u.password)
                    assert_true(
                        !a407_text_has_control(a407_span_str(u.password)));
                a407_proxy_url_clear(&u);
            }
    }
}
