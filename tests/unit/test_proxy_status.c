/* SPDX-License-Identifier: MIT */
#include "core/http/proxy_status.h"

#include <stdio.h>

#include "unit.h"

#define MAX 4

static size_t parse(const char *z, size_t n, struct a407_proxy_status *out)
{
    char *p = exact(z, n);
    memset(out, 'x', MAX * sizeof *out);
    size_t k = a407_proxy_status_parse(a407_span(p, n), out, MAX);
    free(p);
    return k;
}

/* "name error status hop details;..." of what was read */
static void in_words(const char *z, char *out, size_t cap)
{
    struct a407_proxy_status s[MAX];
    size_t n = parse(z, strlen(z), s), at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && at < cap; i++)
        at += (size_t)snprintf(
            out + at, cap - at, "%s%s|%s|%d|%s|%s", i ? "; " : "", s[i].name,
            s[i].error, s[i].received_status, s[i].next_hop, s[i].details);
}

/* RFC 9209 section 2: its examples, and what it allows. */
TEST(read)
{
    static const struct {
        const char *text, *words;
    } values[] = {
        {"ExampleCDN; error=connection_timeout",
         "ExampleCDN|connection_timeout|0||"},
        {"r34.example.net; error=http_request_error, ExampleCDN",
         "r34.example.net|http_request_error|0||; ExampleCDN||0||"},
        {"revproxy1.example.net, ExampleCDN; error=http_protocol_error",
         "revproxy1.example.net||0||; ExampleCDN|http_protocol_error|0||"},
        {"cdn.example.org; next-hop=backend.example.org:8001",
         "cdn.example.org||0|backend.example.org:8001|"},
        {"proxy.example.org; received-status=200", "proxy.example.org||200||"},
        {"proxy.example.net; error=\"http_protocol_error\"; "
         "details=\"Malformed "
         "response header: space before colon\"",
         "proxy.example.net|http_protocol_error|0||Malformed response header: "
         "space before colon"},
        {"\"a name, quoted; \\\"so\\\" \\\\\"",
         "a name, quoted; \"so\" \\||0||"},
        {"*star/a:b", "*star/a:b||0||"},
        {"p;flag;n=-12.5;b=?1;bin=:AAEC:;error=x", "p|x|0||"},
        {"p;error=a;error=b", "p|b|0||"}, /* RFC 8941 section 3.1.2 */
        {"p;received-status=99", "p||0||"},
        {"p;received-status=1000", "p||0||"},
        {"p;received-status=50.", "p||0||"},
        {"p;error=407;next-hop=3", "p||0||"},
        {" \ta ,\tb\t", "a||0||; b||0||"},
        {"a,b,c,d,e", "a||0||; b||0||; c||0||; d||0||"},
        {"", ""},
        /* no list from there on: RFC 8941 section 4.2 */
        {"a, b x, c", "a||0||"},
        {"a, b;=x, c", "a||0||"},
        {"a;x=, b", ""},
        {"a,", "a||0||"},
        {"a, \"open", "a||0||"},
        {"a;details=\"open", ""},
        {"a;x=:open", ""},
        {"12", ""},
        {"(a b)", ""},
        {"?1", ""},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char is[512];
        in_words(values[i].text, is, sizeof is);
        if (strcmp(is, values[i].words) != 0)
            fail_msg("%s: %s", values[i].text, is);
    }
    assert_int_equal(a407_proxy_status_parse(a407_span(NULL, 0), NULL, 0), 0);
}

/* Whatever is cut off, nothing beyond it is read. */
TEST(cuts)
{
    static const char text[] =
        "\"a\\\\b\"; error=x; received-status=502; next-hop=\"h\\\"\"; "
        "bin=:AAEC:; b=?1; details=\"why\", *b;n=-1.5";
    struct a407_proxy_status s[MAX];
    for (size_t n = 0; n < sizeof text; n++)
        assert_true(parse(text, n, s) <= 2);
}

TEST(long)
{
    struct a407_proxy_status s[MAX];
    char text[2048];
    int n = snprintf(text, sizeof text,
                     "%0300d;error=e%0300d;next-hop=h%0300d;details=\"%0600d\"",
                     1, 1, 1, 1);
    text[0] = 'a';
    assert_int_equal(parse(text, (size_t)n, s), 1);
    assert_int_equal(strlen(s[0].name), sizeof s[0].name - 1);
    assert_int_equal(strlen(s[0].error), sizeof s[0].error - 1);
    assert_int_equal(strlen(s[0].next_hop), sizeof s[0].next_hop - 1);
    assert_int_equal(strlen(s[0].details), sizeof s[0].details - 1);
}
