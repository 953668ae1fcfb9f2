/* SPDX-License-Identifier: MIT */
/* The parser of proxies' logs, and what of a target is compared. Lines marked
   "squid" and "Apache" were written by squid 5.7 and Apache 2.4; the names in
   them were changed. */

#include "cli/report/access/internal.h"
#include "tests/unit/unit.h"

struct want {
    const char *line;
    int64_t grain_us, start_us, end_us;
    const char *client;
    int port;
    const char *result; /* NULL: not told */
    int status;
    const char *method, *target;
    const char *user; /* NULL: none */
};

#define T 1795295676000000 /* 2026-11-21 21:14:36 UTC */

static const struct want wants[] = {
    /* squid, native */
    {"1795295676.550      0 127.0.0.1 TCP_DENIED/407 3560 GET "
     "http://origin.test:37349/x? - HIER_NONE/- text/html",
     1000, T + 550000, T + 550000, "127.0.0.1", 0, "TCP_DENIED", 407, "GET",
     "http://origin.test:37349/x?", NULL},
    /* ... with %>p, a tunnel of 61 seconds */
    {"1795295737.560  61000 10.0.0.7 TCP_TUNNEL/200 39 CONNECT origin.test:443 "
     "alice HIER_DIRECT/192.0.2.1 - 39474",
     1000, T + 560000, T + 61560000, "10.0.0.7", 39474, "TCP_TUNNEL", 200,
     "CONNECT", "origin.test:443", "alice"},
    /* ... IPv6 on both ends */
    {"1795295676.561      0 2001:db8::7 TCP_DENIED/407 3497 CONNECT "
     "[2001:db8::1]:443 - HIER_NONE/- text/html 39514",
     1000, T + 561000, T + 561000, "2001:db8::7", 39514, "TCP_DENIED", 407,
     "CONNECT", "[2001:db8::1]:443", NULL},
    /* ... users with blanks, and with what squid escapes */
    {"1795295676.554      0 127.0.0.1 TCP_MISS/200 288 GET http://o/x? al ice "
     "HIER_DIRECT/127.0.0.1 application/octet-stream 39380",
     1000, T + 554000, T + 554000, "127.0.0.1", 39380, "TCP_MISS", 200, "GET",
     "http://o/x?", "al ice"},
    {"1795295676.555      0 127.0.0.1 TCP_MISS/200 288 GET http://o/x? "
     "q\"uo%5bt%5de%25 HIER_DIRECT/127.0.0.1 text/plain",
     1000, T + 555000, T + 555000, "127.0.0.1", 0, "TCP_MISS", 200, "GET",
     "http://o/x?", "q\"uo[t]e%"},
    {"1795295676.557      0 127.0.0.1 TCP_MISS/200 288 GET http://o/x? "
     "back\\\\slash HIER_DIRECT/127.0.0.1 text/plain",
     1000, T + 557000, T + 557000, "127.0.0.1", 0, "TCP_MISS", 200, "GET",
     "http://o/x?", "back\\slash"},
    {"1795295676.557      0 127.0.0.1 TCP_MISS/200 288 GET http://o/x? "
     "%c3%bcmlaut HIER_DIRECT/127.0.0.1 text/plain 39422",
     1000, T + 557000, T + 557000, "127.0.0.1", 39422, "TCP_MISS", 200, "GET",
     "http://o/x?", "\xc3\xbcmlaut"},
    /* ... a user who writes what stands behind a user */
    {"1795295676.558      0 127.0.0.1 TCP_DENIED/407 3560 GET http://o/x? ev "
     "il "
     "HIER_NONE/- text/html:x HIER_NONE/- text/html 39438",
     1000, T + 558000, T + 558000, "127.0.0.1", 39438, "TCP_DENIED", 407, "GET",
     "http://o/x?", "ev il HIER_NONE/- text/html:x"},
    /* ... log_mime_hdrs */
    {"1795295676.558      0 127.0.0.1 TCP_DENIED/407 3560 GET http://o/ - "
     "HIER_NONE/- text/html [Host: o\\r\\nA: HIER_NONE/- x] [HTTP/1.1 407]",
     1000, T + 558000, T + 558000, "127.0.0.1", 0, "TCP_DENIED", 407, "GET",
     "http://o/", NULL},
    /* ... a connection that ended without a request */
    {"1795295676.550      0 127.0.0.1 NONE_NONE/000 0 - "
     "error:transaction-end-before-headers - HIER_NONE/- - 39346",
     1000, T + 550000, T + 550000, "127.0.0.1", 39346, "NONE_NONE", 0, "-",
     "error:transaction-end-before-headers", NULL},
    /* ... by way of syslog */
    {"Nov 21 21:14:36 proxy squid[77]: 1795295676.550 0 h.example.org "
     "TCP_DENIED/407 1 GET http://o/ bob HIER_NONE/- text/html",
     1000, T + 550000, T + 550000, "h.example.org", 0, "TCP_DENIED", 407, "GET",
     "http://o/", "bob"},
    {"2026-11-21T21:14:36+00:00 proxy (squid-1): 1795295676.550 0 h "
     "TCP_DENIED/407 1 GET http://o/ bob HIER_NONE/- text/html port=99",
     1000, T + 550000, T + 550000, "h", 99, "TCP_DENIED", 407, "GET",
     "http://o/", "bob"},
    /* Apache, common */
    {"127.0.0.1 - - [21/Nov/2026:21:14:36 +0000] \"GET http://o/x?secret=1 "
     "HTTP/1.1\" 407 455",
     1000000, T, T, "127.0.0.1", 0, NULL, 407, "GET", "http://o/x?secret=1",
     NULL},
    /* ... a zone, no size */
    {"::1 - alice [22/Nov/2026:02:44:36 +0530] \"CONNECT o:443 HTTP/1.1\" 200 "
     "-",
     1000000, T, T, "::1", 0, NULL, 200, "CONNECT", "o:443", "alice"},
    {"10.1.2.3 - alice [21/Nov/2026:13:14:36 -0800] \"CONNECT o:443 "
     "HTTP/1.1\" 407 455 40000",
     1000000, T, T, "10.1.2.3", 40000, NULL, 407, "CONNECT", "o:443", "alice"},
    /* ... combined, with %{remote}p */
    {"127.0.0.1 - al ice [21/Nov/2026:21:14:36 +0000] \"GET http://o/ "
     "HTTP/1.1\" 200 10 \"-\" \"curl/8 \\\"x\\\" 12\" 51312",
     1000000, T, T, "127.0.0.1", 51312, NULL, 200, "GET", "http://o/",
     "al ice"},
    /* ... what Apache escapes */
    {"127.0.0.1 - q\\\"uo[t]e% [21/Nov/2026:21:14:36 +0000] \"GET "
     "http://o/\\\"q\\\" HTTP/1.1\" 200 10",
     1000000, T, T, "127.0.0.1", 0, NULL, 200, "GET", "http://o/\"q\"",
     "q\"uo[t]e%"},
    {"127.0.0.1 - \\xc3\\xbcmlaut [21/Nov/2026:21:14:36 +0000] \"GET "
     "http://o/ HTTP/1.1\" 200 10",
     1000000, T, T, "127.0.0.1", 0, NULL, 200, "GET", "http://o/",
     "\xc3\xbcmlaut"},
    {"127.0.0.1 - a\\nb [21/Nov/2026:21:14:36 +0000] \"GET http://o/ "
     "HTTP/1.1\" 407 455",
     1000000, T, T, "127.0.0.1", 0, NULL, 407, "GET", "http://o/", "a\nb"},
    /* ... a user who writes a time */
    {"127.0.0.1 - x [21/Nov/2025 [21/Nov/2026:21:14:36 +0000] \"GET http://o/ "
     "HTTP/1.1\" 407 455",
     1000000, T, T, "127.0.0.1", 0, NULL, 407, "GET", "http://o/",
     "x [21/Nov/2025"},
    {"127.0.0.1 - x [20/Nov/2026:21:14:36 +0000] \\\"A B\\\" 1 "
     "[21/Nov/2026:21:14:36 +0000] \"GET http://o/ HTTP/1.1\" 407 455",
     1000000, T, T, "127.0.0.1", 0, NULL, 407, "GET", "http://o/",
     "x [20/Nov/2026:21:14:36 +0000] \"A B\" 1"},
    /* ... no request */
    {"127.0.0.1 - - [21/Nov/2026:21:14:36 +0000] \"-\" 408 -", 1000000, T, T,
     "127.0.0.1", 0, NULL, 408, "", "", NULL},
    {"127.0.0.1 - - [21/Nov/2026:21:14:36 +0000] \"\\x16\\x03\\x01 x y\" 400 "
     "266 \"-\" \"-\" 51456",
     1000000, T, T, "127.0.0.1", 51456, NULL, 400, "\x16\x03\x01", "x y", NULL},
    /* ... Debian's vhost_combined */
    {"proxy.test:3128 192.0.2.9 - bob [21/Nov/2026:21:14:36 +0000] \"GET "
     "http://o/ HTTP/1.0\" 407 455 \"-\" \"-\"",
     1000000, T, T, "192.0.2.9", 0, NULL, 407, "GET", "http://o/", "bob"},
    /* squid, combined: it escapes no quote, but the users as always */
    {"127.0.0.1 - q\"uo%5bt%5d [21/Nov/2026:21:14:36 +0000] \"GET "
     "http://o/xy\"z#f? HTTP/1.1\" 407 3545 \"-\" \"a\"b\\c\xff\" "
     "TCP_DENIED:HIER_NONE",
     1000000, T, T, "127.0.0.1", 0, "TCP_DENIED", 407, "GET",
     "http://o/xy\"z#f?", "q\"uo[t]"},
    {"127.0.0.1 - - [21/Nov/2026:21:14:36 +0000] \"CONNECT o:443 HTTP/1.1\" "
     "407 3545 \"-\" \"-\" TCP_DENIED:HIER_NONE port=65535",
     1000000, T, T, "127.0.0.1", 65535, "TCP_DENIED", 407, "CONNECT", "o:443",
     NULL},
};

/* The line alone in memory, so that a step over its end is seen. */
static bool parse(const char *line, size_t n, char **copy,
                  struct a407_access_line *out)
{
    *copy = malloc(n ? n : 1);
    assert_non_null(*copy);
    memcpy(*copy, line, n);
    return a407_access_parse(*copy, n, out);
}

static void assert_field(struct a407_span got, const char *want,
                         const char *line)
{
    if (want ? got.n == strlen(want) && (got.n == 0 || got.p != NULL) &&
                   (got.n == 0 || memcmp(got.p, want, got.n) == 0)
             : got.p == NULL)
        return;
    fail_msg("got `%.*s`, expected `%s` in: %s", (int)got.n, got.p ? got.p : "",
             want ? want : "nothing", line);
}

TEST(test_lines)
{
    struct a407_access_line l;
    size_t i;
    char *copy;

    for (i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        const struct want *w = &wants[i];

        if (!parse(w->line, strlen(w->line), &copy, &l))
            fail_msg("not taken: %s", w->line);
        assert_int_equal(l.start_us, w->start_us);
        assert_int_equal(l.end_us, w->end_us);
        assert_int_equal(l.grain_us, w->grain_us);
        assert_field(l.client, w->client, w->line);
        assert_int_equal(l.client_port, w->port);
        assert_field(l.result, w->result, w->line);
        assert_int_equal(l.status, w->status);
        assert_field(l.method, w->method, w->line);
        assert_field(l.target, w->target, w->line);
        assert_field(l.user, w->user, w->line);
        free(copy);
    }
}

/* A line that a full disk or a rotation tore: either it is refused, or what it
   says is what it said, but for a number or a name at its very end. */
TEST(test_torn)
{
    size_t i, n;
    char *copy;

    for (i = 0; i < sizeof wants / sizeof wants[0]; i++)
        for (n = 0; n < strlen(wants[i].line); n++) {
            struct a407_access_line l;

            if (parse(wants[i].line, n, &copy, &l)) {
                assert_int_equal(l.start_us, wants[i].start_us);
                assert_int_equal(l.status, wants[i].status);
                assert_field(l.target, wants[i].target, wants[i].line);
            }
            free(copy);
        }
}

/* Any byte in any place: nothing is read or written outside of the line. */
TEST(test_odd_bytes)
{
    static const unsigned char odd[] = {0,   '\\', '"', '[', ']', '/',
                                        ' ', '%',  ':', 'x', '-', 0xff};
    size_t i, at, k;

    for (i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        size_t n = strlen(wants[i].line);

        for (at = 0; at < n; at++)
            for (k = 0; k < sizeof odd; k++) {
                struct a407_access_line l;
                char *copy = malloc(n);

                assert_non_null(copy);
                memcpy(copy, wants[i].line, n);
                copy[at] = (char)odd[k];
                if (a407_access_parse(copy, n, &l) && l.user.n)
                    assert_true(l.user.p >= copy &&
                                l.user.p + l.user.n <= copy + n);
                free(copy);
            }
    }
}

TEST(test_no_log)
{
    static const char *const lines[] = {
        "",
        " ",
        "-",
        "\"",
        "[",
        "hello world",
        "1795295676.550",
        "1795295676.550 0",
        "1795295676.550 0 h TCP_DENIED",
        "1795295676.55 0 h TCP_DENIED/407 1 GET http://o/ - HIER_NONE/- -",
        "17952.550 0 h TCP_DENIED/407 1 GET http://o/ - HIER_NONE/- -",
        "1795295676.550 0 h TCP_DENIED/4070 1 GET http://o/ - HIER_NONE/- -",
        "1795295676.550 0 h tcp_denied/407 1 GET http://o/ - HIER_NONE/- -",
        "1795295676.550 0 h TCP_DENIED/407 x GET http://o/ - HIER_NONE/- -",
        "1795295676.550 0 h TCP_DENIED/407 1 GET http://o/ - HIER_NONE -",
        "h - - [21/Nov/2026:21:14:36 +0000] GET / 200 1",
        "h - - [21/Nov/2026:21:14:36 +0000] \"GET / 200 1",
        "h - - [21/Nov/2026:21:14:36 +0000] \"GET /\"",
        "h - - [21/Nov/2026:21:14:36 +0000] \"GET /\" 200",
        "h - - [21/Nov/2026:21:14:36] \"GET /\" 200 1",
        "h - - [21/Nov/2026:24:14:36 +0000] \"GET /\" 200 1",
        "h - - [32/Nov/2026:21:14:36 +0000] \"GET /\" 200 1",
        "h - - [21/Nox/2026:21:14:36 +0000] \"GET /\" 200 1",
        "h - - [21/anf/2026:21:14:36 +0000] \"GET /\" 200 1",
        "[21/Nov/2026:21:14:36 +0000] \"GET /\" 200 1",
        "h [21/Nov/2026:21:14:36 +0000] \"GET /\" 200 1",
        "{\"timestamp\":\"2026-11-21T21:14:36.000000Z\",\"schema\":1}"};
    struct a407_access_line l;
    size_t i;
    char *copy;

    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (parse(lines[i], strlen(lines[i]), &copy, &l))
            fail_msg("taken: %s", lines[i]);
        free(copy);
    }
}

TEST(test_targets)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"origin.test:443", "origin.test:443"},
        {"ORIGIN.test:443", "origin.test:443"},
        {"user:pass@origin.test:443", "origin.test:443"},
        {"[2001:DB8::1]:443", "[2001:db8::1]:443"},
        {"http://Origin.Test", "http://origin.test/"},
        {"HTTP://origin.test:80/A%20b", "http://origin.test/A%20b"},
        {"http://origin.test:8080/x?secret=1#f", "http://origin.test:8080/x"},
        {"http://origin.test/x?", "http://origin.test/x"},
        {"http://origin.test?x", "http://origin.test/"},
        {"http://user:XXXXXXXX@origin.test/a@b", "http://origin.test/a@b"},
        {"https://[::1]:443/", "https://[::1]/"},
        {"https://h:80/", "https://h:80/"},
        {"ftp://h:21", "ftp://h/"},
        {"http://h/x y\"z", "http://h/xy\"z"},
        {"", ""},
        {"*", "*"},
    };
    char out[A407_ACCESS_TEXT_MAX], huge[3 * A407_ACCESS_TEXT_MAX];
    size_t i, n;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        n = a407_access_target(a407_span_str(cases[i].in), out);
        if (n != strlen(cases[i].out) || memcmp(out, cases[i].out, n) != 0)
            fail_msg("%s: %.*s", cases[i].in, (int)n, out);
    }
    memset(huge, 'h', sizeof huge);
    memcpy(huge, "http://", 7);
    n = a407_access_target(a407_span(huge, sizeof huge), out);
    assert_int_equal(n, A407_ACCESS_TEXT_MAX);
}
