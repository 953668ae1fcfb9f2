/* SPDX-License-Identifier: MIT */
#include "core/http/http.h"
#include "unit.h"

/*
 * Each input is shown at every length. `open` is the longest part on which
 * nothing can be said yet; the first byte of `rest` decides, and no later one
 * changes that.
 */
struct sniffed {
    const char *open;
    const char *rest;
    enum a407_sniff is;
};

static void check(enum a407_sniff (*sniff)(const char *, size_t),
                  const struct sniffed *t)
{
    char text[1024];
    size_t n_open = strlen(t->open);
    size_t n = n_open + strlen(t->rest);
    assert_true(n < sizeof text && n > n_open);
    strcpy(text, t->open);
    strcat(text, t->rest);
    for (size_t k = 0; k <= n; k++) {
        enum a407_sniff want = k <= n_open ? A407_SNIFF_MAYBE : t->is;
        char *p = exact(text, k);
        if (sniff(p, k) != want)
            fail_msg("\"%s|%s\" at %zu: %d, not %d", t->open, t->rest, k,
                     (int)sniff(p, k), (int)want);
        free(p);
    }
}

/* RFC 9112 section 4: HTTP-version SP status-code SP [ reason-phrase ]. */
static const struct sniffed responses[] = {
    {"HTTP/1.1 407", " Proxy Authentication Required\r\n", A407_SNIFF_YES},
    {"HTTP/1.0 407", " Unauthorized\r\n", A407_SNIFF_YES},
    {"HTTP/1.9 407", " \r\n", A407_SNIFF_YES},
    {"HTTP/1.1 407", "\r\n", A407_SNIFF_YES},
    {"HTTP/1.1 407", "\n", A407_SNIFF_YES},
    {"HTTP/1.1 407", "\tx", A407_SNIFF_YES},
    {"HTTP/1.1 407", "7 x", A407_SNIFF_NO},
    {"HTTP/1.1 407", "x", A407_SNIFF_NO},
    {"HTTP/1.1 40", "3 Forbidden\r\n", A407_SNIFF_NO},
    {"HTTP/1.1 40", " \r\n", A407_SNIFF_NO},
    {"HTTP/1.1 4", "17 \r\n", A407_SNIFF_NO},
    {"HTTP/1.1 ", "200 OK\r\n", A407_SNIFF_NO},
    {"HTTP/1.1 ", " 407 OK\r\n", A407_SNIFF_NO},
    {"HTTP/1.1", "\t407 OK\r\n", A407_SNIFF_NO},
    {"HTTP/1.", "x 407 \r\n", A407_SNIFF_NO},
    {"HTTP/1.1", "1 407 \r\n", A407_SNIFF_NO},
    {"HTTP/1.", " 407 \r\n", A407_SNIFF_NO},
    {"HTTP/", "2 407\r\n", A407_SNIFF_NO},
    {"HTTP/1", " 407\r\n", A407_SNIFF_NO},
    {"", "http/1.1 407 x\r\n", A407_SNIFF_NO},
    {"", "ICY 407\r\n", A407_SNIFF_NO},
    {"", "\r\nHTTP/1.1 407\r\n", A407_SNIFF_NO},
    {"", "\x15\x03\x01", A407_SNIFF_NO},
    {"H", "ELO\r\n", A407_SNIFF_NO},
    /* RFC 9110 section 15.2 */
    {"HTTP/1.1 100", " Continue\r\n", A407_SNIFF_INTERIM},
    {"HTTP/1.1 100", "\r\n", A407_SNIFF_INTERIM},
    {"HTTP/1.0 103", " Early Hints\r\n", A407_SNIFF_INTERIM},
    {"HTTP/1.1 199", "\n", A407_SNIFF_INTERIM},
    {"HTTP/1.1 100", "0 \r\n", A407_SNIFF_NO},
    {"HTTP/1.1 100", "x\r\n", A407_SNIFF_NO},
    {"HTTP/1.1 1", " \r\n", A407_SNIFF_NO},
    {"HTTP/1.1 10", "x \r\n", A407_SNIFF_NO},
    /* What follows it is another protocol (RFC 9110 section 15.2.2). */
    {"HTTP/1.1 10", "1 Switching Protocols\r\n", A407_SNIFF_NO},
};

/* RFC 9112 section 3.2: authority-form and absolute-form. */
static const struct sniffed requests[] = {
    {"CONNECT host.test:443 HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"CONNECT my_host-1:80 HTTP/1", ".0\r\n", A407_SNIFF_YES},
    {"CONNECT 192.0.2.1:8443 HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"CONNECT [2001:db8::1]:443 HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"CONNECT [::ffff:192.0.2.1]:443 HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"CONNECT [fe80::1%25eth0]:443 HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"GET http://host.test/ HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"GET HTTP://host.test HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"get ftp://a/%20?b#c HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"VERSION-CONTROL svn+ssh-1.x://h HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"!#$%&'*+-.^_`|~ a://b HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"GET http://h/\xc3\xa4 HTTP/1", ".1\r\n", A407_SNIFF_YES},
    /* RFC 9112 section 2.2: one empty line before */
    {"\r\nGET http://h/ HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"\nCONNECT h:1 HTTP/1", ".1\r\n", A407_SNIFF_YES},
    {"\r\n", "\r\nGET http://h/ HTTP/1.1\r\n", A407_SNIFF_NO},
    {"\r", "GET http://h/ HTTP/1.1\r\n", A407_SNIFF_NO},
    /* other forms of the target */
    {"GET ", "/ HTTP/1.1\r\n", A407_SNIFF_NO},
    {"OPTIONS ", "* HTTP/1.1\r\n", A407_SNIFF_NO},
    {"PRI ", "* HTTP/2.0\r\n", A407_SNIFF_NO},
    {"GET http:", "x HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET http:/", "x HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET http://", " HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET http", "\r\n", A407_SNIFF_NO},
    {"GET ", "1http://h/ HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET ", " http://h/ HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET host:", "80 HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET http://h/a ", "b HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET http://h/a", "\r\n", A407_SNIFF_NO},
    {"GET http://h/a", "\tHTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET http://h/a", "\x7f HTTP/1.1\r\n", A407_SNIFF_NO},
    {"GET http://h/a HTTP/", "2.0\r\n", A407_SNIFF_NO},
    {"GET http://h/a HTTP/1", "\r\n", A407_SNIFF_NO},
    {"CONNECT host", " HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT host:", " HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT host:443", "/ HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT host:44344", "3 HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT http:", "//host:443 HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT user", "@host:443 HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT ", "/ HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT ", ":443 HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT [", "]:443 HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT [::1", "/]:443 HTTP/1.1\r\n", A407_SNIFF_NO},
    {"CONNECT [::1]", "443 HTTP/1.1\r\n", A407_SNIFF_NO},
    /* A method is case-sensitive: this one is no CONNECT. */
    {"connect host:", "443 HTTP/1.1\r\n", A407_SNIFF_NO},
    /* 32 bytes of method are one; of a scheme, too */
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ123456 a://b HTTP/1", ".1", A407_SNIFF_YES},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ123456", "7 a://b HTTP/1.1", A407_SNIFF_NO},
    {"G abcdefghijklmnopqrstuvwxyz123456://b HTTP/1", ".1", A407_SNIFF_YES},
    {"G abcdefghijklmnopqrstuvwxyz123456", "7://b", A407_SNIFF_NO},
    /* other protocols */
    {"", "\x16\x03\x01\x02", A407_SNIFF_NO},
    {"", "\x05\x01", A407_SNIFF_NO},
    {"", "\x04\x01", A407_SNIFF_NO},
    {"", " GET http://h/ HTTP/1.1", A407_SNIFF_NO},
    {"", "\xff\xfb\x01", A407_SNIFF_NO},
    {"", "{\"jsonrpc\"", A407_SNIFF_NO},
    {"EHLO mail.test", "\r\n", A407_SNIFF_NO},
    {"USER alice", "\r\n", A407_SNIFF_NO},
    {"QUIT", "\r\n", A407_SNIFF_NO},
    {"a001 LOGIN", " alice secret\r\n", A407_SNIFF_NO},
    {"SSH-2.0-OpenSSH_9.2p1 Debian-2", "_deb12\r\n", A407_SNIFF_NO},
    {"NICK alice", "\n", A407_SNIFF_NO},
};

TEST(response)
{
    for (size_t i = 0; i < sizeof responses / sizeof *responses; i++)
        check(a407_sniff_407, &responses[i]);
}

TEST(request)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        check(a407_sniff_proxy_request, &requests[i]);
}

/* A NUL is a byte like any other that no method holds. */
TEST(nul)
{
    char *p = exact("GET\0http://h/ HTTP/1.1", 22);
    assert_int_equal(a407_sniff_proxy_request(p, 3), A407_SNIFF_MAYBE);
    assert_int_equal(a407_sniff_proxy_request(p, 4), A407_SNIFF_NO);
    assert_int_equal(a407_sniff_proxy_request(p + 3, 1), A407_SNIFF_NO);
    free(p);
    p = exact("HTTP/1.1 407\0", 13);
    assert_int_equal(a407_sniff_407(p, 13), A407_SNIFF_NO);
    free(p);
}

/* MAYBE ends with the longest head that is taken at all. */
TEST(longest)
{
    size_t n = A407_HEAD_MAX + 1;
    char *p = malloc(n);
    assert_non_null(p);
    memset(p, 'a', n);
    memcpy(p, "GET http://", 11);
    assert_int_equal(a407_sniff_proxy_request(p, n - 1), A407_SNIFF_MAYBE);
    assert_int_equal(a407_sniff_proxy_request(p, n), A407_SNIFF_NO);
    memcpy(p + n - 8, " HTTP/1.", 8);
    assert_int_equal(a407_sniff_proxy_request(p, n), A407_SNIFF_YES);
    free(p);
}

/* Whatever the first byte: never YES, and NO unless a token may start so. */
TEST(first_byte)
{
    const char *mark = "!#$%&'*+-.^_`|~\r\n";
    for (int c = 0; c < 256; c++) {
        bool open = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                    (c >= 'a' && c <= 'z') || (c && strchr(mark, c));
        char b = (char)c;
        char *p = exact(&b, 1);
        assert_int_equal(a407_sniff_proxy_request(p, 1),
                         open ? A407_SNIFF_MAYBE : A407_SNIFF_NO);
        assert_int_equal(a407_sniff_407(p, 1),
                         c == 'H' ? A407_SNIFF_MAYBE : A407_SNIFF_NO);
        free(p);
    }
}
