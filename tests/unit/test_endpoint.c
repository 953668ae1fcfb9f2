/* SPDX-License-Identifier: MIT */
#include "core/config/credential.h"
#include "unit.h"

static bool parse(const char *z, size_t n, struct a407_endpoint *e)
{
    char *p = exact(z, n);
    bool ok = a407_endpoint_parse(a407_span(p, n), e);
    free(p);
    return ok;
}

static const struct {
    const char *text;
    const char *host;
    unsigned port;
} good[] = {
    {"proxy", "proxy", 0},
    {"Proxy.Corp.Example:3128", "proxy.corp.example", 3128},
    {"proxy.corp.example.:8080", "proxy.corp.example", 8080},
    {"proxy.", "proxy", 0},
    {"h:1", "h", 1},
    {"h:65535", "h", 65535},
    {"h:00080", "h", 80},
    {"10.0.0.1:3128", "10.0.0.1", 3128},
    {"[::1]", "::1", 0},
    {"[::1]:3128", "::1", 3128},
    /* one spelling: RFC 5952 section 4 */
    {"[2001:DB8:0:0:0:0:0:1]:80", "2001:db8::1", 80},
    {"[::FFFF:10.0.0.1]:80", "::ffff:10.0.0.1", 80},
    {"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
    {"*.Corp.Example:3128", "*.corp.example", 3128},
    {"*.example", "*.example", 0},
    {"b\xc3\xbc"
     "cher.example:80",
     "b\xc3\xbc"
     "cher.example",
     80},
    {"under_score-1:80", "under_score-1", 80},
};

TEST(forms)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct a407_endpoint e;
        if (!parse(good[i].text, strlen(good[i].text), &e))
            fail_msg("refused: %s", good[i].text);
        assert_string_equal(e.host, good[i].host);
        assert_int_equal(e.port, good[i].port);
    }
}

TEST(refused)
{
    static const char *const bad[] = {
        "",         ":80",     "h:",     "h:0",    "h:65536",    "h:99999",
        "h:100000", "h:8a",    "h:-1",   "h: 80",  "h :80",      " h",
        "h ",       "h\t:80",  "h\n",    "::1",    "fe80::1:80", "[::1",
        "[]:80",    "[::1]80", "[::1]:", "[h]:80", "[::1%]:8",   "*",
        "*:80",     "*.",      "*.:80",  "*x:80",  "a.*.b",      "**.b",
        ".h",       "*..b",    ".",      "u@h:80", "h/x",        "a,b",
        "h?x",      "h#x",     "h%41",   "\x7fh",  "\"h\"",      "[::1%a b]",
        "[1.2.3.4]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct a407_endpoint e;
        if (parse(bad[i], strlen(bad[i]), &e))
            fail_msg("taken: \"%s\" as %s:%u", bad[i], e.host,
                     (unsigned)e.port);
    }
    struct a407_endpoint e;
    assert_false(parse("h\0x", 3, &e));
    assert_false(parse("[::1\0]:80", 9, &e));
}

TEST(length)
{
    char text[A407_HOST_MAX + 8];
    struct a407_endpoint e;
    memset(text, 'a', sizeof text);
    assert_true(parse(text, A407_HOST_MAX, &e));
    assert_int_equal(strlen(e.host), A407_HOST_MAX);
    assert_false(parse(text, A407_HOST_MAX + 1, &e));
    text[A407_HOST_MAX] = '.'; /* the trailing dot is not part of it */
    assert_true(parse(text, A407_HOST_MAX + 1, &e));
    /* a zone that doesn't fit */
    memcpy(text, "[::1%", 5);
    text[sizeof text - 1] = ']';
    assert_false(parse(text, sizeof text, &e));
}

/* Every prefix of every good text is survived. */
TEST(prefixes)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        for (size_t n = 0; n <= strlen(good[i].text); n++) {
            struct a407_endpoint e;
            if (parse(good[i].text, n, &e))
                assert_in_range(strlen(e.host), 1, A407_HOST_MAX);
        }
}

static unsigned match(const char *pattern, const char *exactly)
{
    struct a407_endpoint p, e;
    assert_true(parse(pattern, strlen(pattern), &p));
    assert_true(parse(exactly, strlen(exactly), &e));
    return a407_endpoint_match(&p, &e);
}

TEST(match)
{
    /* from the most specific to the least */
    static const char *const order[] = {"a.b.example:80", "a.b.example",
                                        "*.b.example:80", "*.b.example",
                                        "*.example:80",   "*.example"};
    for (size_t i = 0; i + 1 < sizeof order / sizeof order[0]; i++)
        assert_true(match(order[i], "a.b.example:80") >
                    match(order[i + 1], "a.b.example:80"));
    assert_true(match("*.example", "a.b.example:80") > 0);

    assert_int_equal(match("a.b.example:81", "a.b.example:80"), 0);
    assert_int_equal(match("a", "b:80"), 0);
    assert_int_equal(match("*.b.example:81", "a.b.example:80"), 0);
    assert_int_equal(match("*.example", "example:80"), 0);
    assert_int_equal(match("*.example", "badexample:80"), 0);
    assert_int_equal(match("*.b.example", "example:80"), 0);
    assert_true(match("A.Example", "a.example.:80") > 0);
    assert_true(match("[::0:1]", "[::1]:80") > 0);
    /* an address has no domain */
    assert_int_equal(match("*.0.0.1", "127.0.0.1:80"), 0);
    assert_int_equal(match("*.0.0.1", "[::ffff:127.0.0.1]:80"), 0);
}

/* "*" is for the settings to judge: it must fit nothing by itself. */
TEST(any)
{
    struct a407_endpoint any = {.host = "*"}, none = {.host = ""}, e;
    assert_true(parse("h:80", 4, &e));
    assert_int_equal(a407_endpoint_match(&any, &e), 0);
    assert_int_equal(a407_endpoint_match(&any, &any), 0);
    assert_int_equal(a407_endpoint_match(&none, &none), 0);
}

TEST(scheme_names)
{
    for (unsigned i = 0; a407_scheme_names[i]; i++) {
        const char *name = a407_scheme_name((enum a407_scheme_id)i);
        assert_int_equal(a407_scheme_from_name(a407_span_str(name)), i);
    }
    assert_string_equal(a407_scheme_name(A407_SCHEMES_MAX), "unknown");
    assert_int_equal(a407_scheme_from_name(a407_span_str("NTLM")), A407_NTLM);
    assert_int_equal(a407_scheme_from_name(a407_span_str("basicx")),
                     A407_SCHEMES_MAX);
    assert_int_equal(a407_scheme_from_name(a407_span(NULL, 0)),
                     A407_SCHEMES_MAX);
}

TEST(scheme_list)
{
    enum a407_scheme_id order[A407_SCHEMES_MAX];
    size_t n;
    assert_true(a407_schemes_parse(
        a407_span_str("basic, Digest ,basic,,\tntlm,digest,BASIC,bearer,"
                      "negotiate,"),
        order, &n));
    assert_int_equal(n, 5);
    assert_int_equal(order[0], A407_BASIC);
    assert_int_equal(order[1], A407_DIGEST);
    assert_int_equal(order[2], A407_NTLM);
    assert_int_equal(order[4], A407_NEGOTIATE);
    assert_false(
        a407_schemes_parse(a407_span_str("basic,kerberos"), order, &n));
    assert_false(a407_schemes_parse(a407_span_str(" , ,"), order, &n));
    assert_false(a407_schemes_parse(a407_span(NULL, 0), order, &n));
}
