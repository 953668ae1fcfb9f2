/* SPDX-License-Identifier: MIT */
#include "core/http/http.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* --- requests ---------------------------------------------------------- */

/* What is not named in a row is 0, false or absent. */
struct request_case {
    const char *head;
    bool bad;
    enum a407_target_form form;
    enum a407_body_kind body;
    uint64_t length;
    bool close; /* not keep_alive: the rarer case */
    bool expect, is_head, is_connect;
    const char *method, *target, *authorization;
    int minor;
    unsigned n_authorization;
};

#define GET     "GET http://h/ HTTP/1.1\r\n"
#define GET_10  "GET http://h/ HTTP/1.0\r\n"
#define CONNECT "CONNECT h:443 HTTP/1.1\r\n"
#define LEN_MAX "18446744073709551615"
#define ABS     .form = A407_FORM_ABSOLUTE, .method = "GET", .target = "http://h/"
#define ABS_11  ABS, .minor = 1

static const struct request_case requests[] = {
    {GET "\r\n", ABS_11},
    {GET_10 "\r\n", ABS, .close = true},
    {"\r\n" GET "\r\n", ABS_11},
    {"GET http://h/ HTTP/1.1\nHost: h\n\n", ABS_11},
    {CONNECT "host:  h:443 \r\nHOST: other\r\n\r\n",
     .form = A407_FORM_AUTHORITY, .method = "CONNECT", .target = "h:443",
     .minor = 1, .is_connect = true},
    {"HEAD http://h/x HTTP/1.1\r\n\r\n", .form = A407_FORM_ABSOLUTE,
     .method = "HEAD", .target = "http://h/x", .minor = 1, .is_head = true},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", .form = A407_FORM_OTHER,
     .method = "GET", .target = "/", .minor = 1},
    {"OPTIONS * HTTP/1.1\r\n\r\n", .form = A407_FORM_OTHER, .method = "OPTIONS",
     .target = "*", .minor = 1},
    {"CONNECT / HTTP/1.1\r\n\r\n", .form = A407_FORM_OTHER, .method = "CONNECT",
     .target = "/", .minor = 1, .is_connect = true},
    {"CONNECT http://h/ HTTP/1.1\r\n\r\n", .form = A407_FORM_OTHER,
     .method = "CONNECT", .target = "http://h/", .minor = 1,
     .is_connect = true},
    {"CONNECT h:443/ HTTP/1.1\r\n\r\n", .form = A407_FORM_OTHER,
     .method = "CONNECT", .target = "h:443/", .minor = 1, .is_connect = true},
    {"CONNECT h HTTP/1.1\r\n\r\n", .form = A407_FORM_OTHER, .method = "CONNECT",
     .target = "h", .minor = 1, .is_connect = true},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ123456 / HTTP/1.1\r\n\r\n",
     .form = A407_FORM_OTHER, .method = "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456",
     .target = "/", .minor = 1},
    {"G http://h/ HTTP/1.1\r\n\r\n", .form = A407_FORM_ABSOLUTE, .method = "G",
     .target = "http://h/", .minor = 1},
    {"GET h:443 HTTP/1.1\r\n\r\n", .form = A407_FORM_OTHER, .method = "GET",
     .target = "h:443", .minor = 1},
    /* RFC 9112 section 9.3; Proxy-Connection says the same to a proxy */
    {GET "Connection: close\r\n\r\n", ABS_11, .close = true},
    {GET "connection: TE, Close\r\n\r\n", ABS_11, .close = true},
    {GET "Proxy-Connection: close\r\n\r\n", ABS_11, .close = true},
    {GET "Connection: keep-alive\r\nConnection: x\r\nConnection: ,close,\r\n"
         "\r\n",
     ABS_11, .close = true},
    {GET "Connection: closed, not-close\r\n\r\n", ABS_11},
    {GET_10 "Connection: Keep-Alive\r\n\r\n", ABS},
    {GET_10 "Proxy-Connection: keep-alive\r\n\r\n", ABS},
    {GET_10 "Connection: keep-alive\r\nProxy-Connection: close\r\n\r\n", ABS,
     .close = true},
    /* RFC 9112 section 6.3, rules 3 to 7 */
    {GET "Content-Length: 5\r\n\r\n", ABS_11, .body = A407_BODY_LENGTH,
     .length = 5},
    {GET "CONTENT-LENGTH:5\r\n\r\n", ABS_11, .body = A407_BODY_LENGTH,
     .length = 5},
    {GET "Content-Length: 0\r\n\r\n", ABS_11, .body = A407_BODY_LENGTH},
    {GET "Content-Length: 5, 5\r\nContent-Length: 05\r\n\r\n", ABS_11,
     .body = A407_BODY_LENGTH, .length = 5},
    {GET "Content-Length: " LEN_MAX "\r\n\r\n", ABS_11,
     .body = A407_BODY_LENGTH, .length = UINT64_MAX},
    {GET "Content-Length: 18446744073709551616\r\n\r\n", .bad = true},
    {GET "Content-Length: 99999999999999999999999\r\n\r\n", .bad = true},
    {GET "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", .bad = true},
    {GET "Content-Length: 5, 6\r\n\r\n", .bad = true},
    {GET "Content-Length: 5,\r\n\r\n", .bad = true},
    {GET "Content-Length:\r\n\r\n", .bad = true},
    {GET "Content-Length: +5\r\n\r\n", .bad = true},
    {GET "Content-Length: -1\r\n\r\n", .bad = true},
    {GET "Content-Length: 0x5\r\n\r\n", .bad = true},
    {GET "Content-Length: 5 5\r\n\r\n", .bad = true},
    {GET "Content-Length: \"5\"\r\n\r\n", .bad = true},
    {GET "Content-Length:\r\n 5\r\n\r\n", .bad = true},
    {GET "Content-Length : 5\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: chunked\r\n\r\n", ABS_11,
     .body = A407_BODY_CHUNKED},
    {GET "transfer-encoding: gzip;q=\"a, b\" ,, CHUNKED,\r\n\r\n", ABS_11,
     .body = A407_BODY_CHUNKED},
    {GET "Transfer-Encoding: a;b=\"\\\", c\\\\\", chunked\r\n\r\n", ABS_11,
     .body = A407_BODY_CHUNKED},
    {GET "Transfer-Encoding: a\\\"b, chunked\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
     ABS_11, .body = A407_BODY_CHUNKED},
    {GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", ABS_11,
     .body = A407_BODY_CHUNKED},
    {GET "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n",
     .bad = true},
    {GET "Transfer-Encoding: gzip\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: chunked, gzip\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: chunked, chunked\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
     .bad = true},
    {GET "Transfer-Encoding: xchunked\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: chunked;a=b\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: a;b=\"c, chunked\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: a;b=\"\\\", chunked\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding:\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding\t: chunked\r\n\r\n", .bad = true},
    {GET "Transfer-Encoding: gzip,\r\n chunked\r\n\r\n", .bad = true},
    {GET_10 "Transfer-Encoding: chunked\r\n\r\n", .bad = true},
    /* RFC 9110 section 10.1.1 */
    {GET "Expect: 100-Continue\r\n\r\n", ABS_11, .expect = true},
    {GET "Expect: x, 100-continue\r\n\r\n", ABS_11, .expect = true},
    {GET "Expect: 100-continue, x\r\n\r\n", ABS_11, .expect = true},
    {GET "Expect: 100-continued\r\n\r\n", ABS_11},
    {GET_10 "Expect: 100-continue\r\n\r\n", ABS, .close = true},
    /* RFC 9110 section 11.7.2 */
    {GET "proxy-authorization: Basic YTpi\r\n\r\n", ABS_11,
     .authorization = "Basic YTpi", .n_authorization = 1},
    {GET "Proxy-Authorization:\r\nProxy-Authorization: Basic YTpi\r\n\r\n",
     ABS_11, .authorization = "", .n_authorization = 2},
    {GET "Authorization: Basic YTpi\r\n\r\n", ABS_11},
    /* RFC 9112 section 5.2: folding of other fields is taken */
    {GET "X: a\r\n\tConnection: close\r\nHost: h\r\n\r\n", ABS_11},
    /* the request line */
    {"GET  http://h/ HTTP/1.1\r\n\r\n", .bad = true},
    {"GET http://h/  HTTP/1.1\r\n\r\n", .bad = true},
    {"GET http://h/ HTTP/1.1 \r\n\r\n", .bad = true},
    {"GET http://h/ HTTP/1.10\r\n\r\n", .bad = true},
    {"GET http://h/ HTTP/2.0\r\n\r\n", .bad = true},
    {"GET http://h/ http/1.1\r\n\r\n", .bad = true},
    {"GET  HTTP/1.1\r\n\r\n", .bad = true},
    {" http://h/ HTTP/1.1\r\n\r\n", .bad = true},
    {"GET http://h/\r\n\r\n", .bad = true},
    {"GET HTTP/1.1\r\n\r\n", .bad = true},
    {"GET\thttp://h/ HTTP/1.1\r\n\r\n", .bad = true},
    {"GET http://h/\x01 HTTP/1.1\r\n\r\n", .bad = true},
    {" GET http://h/ HTTP/1.1\r\n\r\n", .bad = true},
    {"G(T http://h/ HTTP/1.1\r\n\r\n", .bad = true},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567 a://b HTTP/1.1\r\n\r\n", .bad = true},
    {"\r\n\r\n", .bad = true},
    {"\n\n", .bad = true},
    {"HTTP/1.1 200 OK\r\n\r\n", .bad = true},
    /* what another reader could understand differently (sections 2.2, 5.1) */
    {GET "X: a\rContent-Length: 5\r\n\r\n", .bad = true},
    {GET "X: a\r\r\n\r\n", .bad = true},
    {GET "X : a\r\n\r\n", .bad = true},
    {GET "X Y: a\r\n\r\n", .bad = true},
    {GET "X\x0b: a\r\n\r\n", .bad = true},
    {GET "X\r\n\r\n", .bad = true},
    {GET ": a\r\n\r\n", .bad = true},
    {GET " X: a\r\n\r\n", .bad = true},
    {GET "\tHost: h\r\n\r\n", .bad = true},
};

static void request_row(const struct request_case *t)
{
    size_t n = strlen(t->head);
    struct a407_request r;
    /* Every part of a head is BAD: it is not complete. */
    for (size_t k = 0; k < n; k++) {
        char *p = exact(t->head, k);
        assert_int_equal(a407_request_parse(p, k, &r), false);
        free(p);
    }
    char *p = exact(t->head, n);
    if ((a407_request_parse(p, n, &r) != true) != t->bad)
        fail_msg("%s: not %s", t->head, t->bad ? "BAD" : "OK");
    if (!t->bad) {
        assert_int_equal(r.form, t->form);
        assert_int_equal(r.body, t->body);
        assert_int_equal(r.length, t->length);
        assert_int_equal(r.keep_alive, !t->close);
        assert_int_equal(r.expect_continue, t->expect);
        assert_int_equal(r.is_head, t->is_head);
        assert_int_equal(r.is_connect, t->is_connect);
        assert_int_equal(r.minor, t->minor);
        assert_int_equal(r.n_proxy_authorization, t->n_authorization);
        assert_span(r.method, t->method);
        assert_span(r.target, t->target);
        assert_span(r.proxy_authorization, t->authorization);
        /* The same line, sniffed, must say the same of its form. */
        assert_int_equal(a407_sniff_proxy_request(p, n),
                         t->form == A407_FORM_OTHER ? A407_SNIFF_NO
                                                    : A407_SNIFF_YES);
    }
    free(p);
}

TEST(request)
{
    for (size_t i = 0; i < COUNT(requests); i++)
        request_row(&requests[i]);
}

/* A NUL anywhere in a head makes it BAD (RFC 9110 section 5.5). */
TEST(nul)
{
    static const char rq[] = GET "X: a\r\n\r\n";
    static const char rs[] = "HTTP/1.1 204 No\r\nX: a\r\n\r\n";
    struct a407_request request;
    struct a407_response response;
    for (size_t i = 0; i < sizeof rq - 1; i++) {
        char *p = exact(rq, sizeof rq - 1);
        p[i] = '\0';
        assert_int_equal(a407_request_parse(p, sizeof rq - 1, &request), false);
        free(p);
    }
    for (size_t i = 0; i < sizeof rs - 1; i++) {
        char *p = exact(rs, sizeof rs - 1);
        p[i] = '\0';
        assert_int_equal(
            a407_response_parse(p, sizeof rs - 1, false, false, &response),
            false);
        free(p);
    }
}

/* --- responses --------------------------------------------------------- */

struct response_case {
    const char *head;
    bool bad;
    bool is_head, is_connect; /* of the request */
    int status, minor;
    enum a407_body_kind body;
    uint64_t length;
    bool keep;
};

#define R407    "HTTP/1.1 407 P\r\n"
#define R200    "HTTP/1.1 200 OK\r\n"
#define IS(s)   .status = (s), .minor = 1
#define NO_BODY .body = A407_BODY_NONE, .keep = true
#define FIVE    .body = A407_BODY_LENGTH, .length = 5
#define CHUNKED .body = A407_BODY_CHUNKED
#define CLOSE   .body = A407_BODY_CLOSE
#define OK200   IS(200)
#define PA407   IS(407)

static const struct response_case responses[] = {
    /* RFC 9112 section 4: any reason phrase, or none */
    {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", IS(407), CLOSE},
    {"HTTP/1.1 407 \r\n\r\n", IS(407), CLOSE},
    {"HTTP/1.1 407\r\n\r\n", IS(407), CLOSE},
    {"HTTP/1.1 407\n\n", IS(407), CLOSE},
    {"HTTP/1.1 407\tA \xe4\r\n\r\n", IS(407), CLOSE},
    {"HTTP/1.0 407 A\r\n\r\n", .status = 407, CLOSE},
    {"HTTP/1.7 999 A\r\n\r\n", .status = 999, .minor = 7, CLOSE},
    {"HTTP/1.1 407A\r\n\r\n", .bad = true},
    {"HTTP/1.1 4077\r\n\r\n", .bad = true},
    {"HTTP/1.1 40\r\n\r\n", .bad = true},
    {"HTTP/1.1 40x A\r\n\r\n", .bad = true},
    {"HTTP/1.1 007 A\r\n\r\n", .bad = true},
    {"HTTP/1.1  407 A\r\n\r\n", .bad = true},
    {"HTTP/1.1\t407 A\r\n\r\n", .bad = true},
    {"HTTP/1.11 407 A\r\n\r\n", .bad = true},
    {"HTTP/2.0 407 A\r\n\r\n", .bad = true},
    {"HTTP/1 407 A\r\n\r\n", .bad = true},
    {"HTTP/1.x 407 A\r\n\r\n", .bad = true},
    {"ICY 200 OK\r\n\r\n", .bad = true},
    {"\r\nHTTP/1.1 407 A\r\n\r\n", .bad = true},
    {"\r\n\r\n", .bad = true},
    {"HTTP/1.1 407 A\rB\r\n\r\n", .bad = true},
    {R407 "X: a\rb\r\n\r\n", .bad = true},
    /* RFC 9112 section 9.3 */
    {R407 "Content-Length: 5\r\n\r\n", PA407, FIVE, .keep = true},
    {R407 "content-length: 5\r\nconnection: close\r\n\r\n", PA407, FIVE},
    {R407 "Content-Length: 5\r\nProxy-Connection: x,Close\r\n\r\n", PA407,
     FIVE},
    {R407 "Content-Length: 5\r\nConnection: keep-alive\r\n\r\n", PA407, FIVE,
     .keep = true},
    {R407 "Content-Length: 5\r\nConnection: keep-alive\r\n"
          "Proxy-Connection: close\r\n\r\n",
     PA407, FIVE},
    {R407 "Content-Length: 5\r\nConnection:\r\n close\r\n\r\n", PA407, FIVE},
    {"HTTP/1.0 407\r\nContent-Length: 5\r\n\r\n", .status = 407, FIVE},
    {"HTTP/1.0 407\r\nContent-Length: 5\r\nProxy-Connection: Keep-Alive\r\n"
     "\r\n",
     .status = 407, FIVE, .keep = true},
    {R407 "Connection: keep-alive\r\n\r\n", PA407, CLOSE},
    /* RFC 9112 section 6.3, rules 1 and 2: no content whatever it says */
    {R200 "Content-Length: 5\r\n\r\n", OK200, .is_head = true, NO_BODY},
    {R407 "Content-Length: x\r\n\r\n", PA407, .is_head = true, NO_BODY},
    {R407 "Transfer-Encoding: chunked\r\n\r\n", PA407, .is_head = true,
     NO_BODY},
    {"HTTP/1.1 100 C\r\n\r\n", IS(100), NO_BODY},
    {"HTTP/1.1 103 C\r\nContent-Length: 5\r\n\r\n", IS(103), NO_BODY},
    {"HTTP/1.1 101 U\r\n\r\n", IS(101)},
    {"HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\n", IS(204), NO_BODY},
    {"HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n", IS(304), NO_BODY},
    {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
     "\r\n",
     .status = 200, .is_connect = true},
    {R200 "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", OK200,
     .is_connect = true},
    {"HTTP/1.1 299 OK\r\n\r\n", IS(299), .is_connect = true},
    {"HTTP/1.1 300 OK\r\nContent-Length: 5\r\n\r\n", IS(300),
     .is_connect = true, FIVE, .keep = true},
    {R407 "Content-Length: 5\r\n\r\n", PA407, .is_connect = true, FIVE,
     .keep = true},
    /* rules 3 to 5 and 8 */
    {R200 "\r\n", OK200, CLOSE},
    {R200 "Content-Length: 0\r\n\r\n", OK200, .body = A407_BODY_LENGTH,
     .keep = true},
    {R200 "Content-Length: 5, 5\r\nContent-Length:\r\n\t5\r\n\r\n", OK200, FIVE,
     .keep = true},
    {R200 "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", .bad = true},
    {R200 "Content-Length: 5, 6\r\n\r\n", .bad = true},
    {R200 "Content-Length: 18446744073709551616\r\n\r\n", .bad = true},
    {R200 "Content-Length: -1\r\n\r\n", .bad = true},
    {R200 "Content-Length: \r\n\r\n", .bad = true},
    {R200 "Content-Length : 5\r\n\r\n", .bad = true},
    {R200 " Content-Length: 5\r\n\r\n", .bad = true},
    {R200 "Transfer-Encoding : chunked\r\n\r\n", .bad = true},
    {R200 "transfer-encoding: Chunked\r\n\r\n", OK200, CHUNKED, .keep = true},
    {R200 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     OK200, CHUNKED, .keep = true},
    {R200 "Content-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
     OK200, CHUNKED, .keep = true},
    {R200 "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n", OK200, CLOSE},
    {R200 "Transfer-Encoding: chunked, gzip\r\n\r\n", OK200, CLOSE},
    {R200 "Transfer-Encoding:\r\n\r\n", OK200, CLOSE},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
     "Transfer-Encoding: chunked\r\n\r\n",
     .status = 200, CHUNKED},
    /* lines that say nothing about framing are passed over */
    {R407 "junk\r\nX Y: a\r\n: b\r\n c\r\nContent-Length: 5\r\n\r\n", PA407,
     FIVE, .keep = true},
    {R407 " X: a\r\n\tContent-Length: 6\r\nContent-Length: 5\r\n\r\n", PA407,
     FIVE, .keep = true},
};

static void response_row(const struct response_case *t)
{
    size_t n = strlen(t->head);
    struct a407_response r;
    for (size_t k = 0; k < n; k++) {
        char *p = exact(t->head, k);
        assert_int_equal(
            a407_response_parse(p, k, t->is_head, t->is_connect, &r), false);
        free(p);
    }
    char *p = exact(t->head, n);
    if ((a407_response_parse(p, n, t->is_head, t->is_connect, &r) != true) !=
        t->bad)
        fail_msg("%s: not %s", t->head, t->bad ? "BAD" : "OK");
    if (!t->bad) {
        assert_int_equal(r.status, t->status);
        assert_int_equal(r.minor, t->minor);
        assert_int_equal(r.body, t->body);
        assert_int_equal(r.length, t->length);
        assert_int_equal(r.keep_alive, t->keep);
        assert_int_equal(a407_sniff_407(p, n) == A407_SNIFF_YES,
                         t->status == 407);
    }
    free(p);
}

TEST(response)
{
    for (size_t i = 0; i < COUNT(responses); i++)
        response_row(&responses[i]);
}

/* Bytes after the head are none of it, and change nothing. */
TEST(after_head)
{
    static const char rq[] = GET "\r\nContent-Length: 5\r\n\r\n";
    static const char rs[] = R407 "\r\nContent-Length: 5\r\n\r\n";
    struct a407_request request;
    struct a407_response response;
    assert_int_equal(a407_request_parse(rq, sizeof rq - 1, &request), true);
    assert_int_equal(request.body, A407_BODY_NONE);
    assert_int_equal(
        a407_response_parse(rs, sizeof rs - 1, false, false, &response), true);
    assert_int_equal(response.body, A407_BODY_CLOSE);
}

/* --- the head's end ---------------------------------------------------- */

/* RFC 9112 section 2.2: CRLF and bare LF, also mixed. */
static const char *const heads[] = {
    "HTTP/1.1 407 P\r\nA: b\r\n\r\n", /* all as it should be */
    "HTTP/1.1 407 P\nA: b\n\n",
    "HTTP/1.1 407 P\r\nA: b\n\r\n",
    "HTTP/1.1 407 P\nA: b\r\n\n",
    "HTTP/1.1 407\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\n\r\n",
    "\nGET / HTTP/1.1\n\n",
    "A\r\n \r\nB: c\r\n\r\n", /* blanks continue a line and end no head */
    "A\r\n\rB\r\n\r\n",       /* nor does a CR alone */
    "A\n\r\r\n\n",
    "\n\n",
    "\r\n\r\n",
};

/* What follows a head must not move its end. */
static const char *const tails[] = {"", "\n", "\r\n\r\n", "body\n\n"};

static void head_row(const char *head, const char *tail)
{
    char text[128];
    size_t end = strlen(head);
    size_t n = end + strlen(tail);
    strcpy(text, head);
    strcat(text, tail);
    /* i bytes, then j, then all; i = j is two steps. */
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = i; j <= n; j++) {
            size_t part[] = {i, j, n};
            size_t from = 0, got = 0;
            for (size_t k = 0; k < COUNT(part) && !got; k++) {
                char *p = exact(text, part[k]);
                got = a407_head_end(p, part[k], &from);
                assert_int_equal(got, part[k] >= end ? end : 0);
                assert_true(from <= part[k]);
                free(p);
            }
        }
    }
    size_t from = 0;
    for (size_t k = 0; k <= n; k++) {
        char *p = exact(text, k);
        size_t got = a407_head_end(p, k, &from);
        free(p);
        assert_int_equal(got, k >= end ? end : 0);
        if (got)
            break;
        /* Linear: no more than a line end is looked at again. */
        assert_true(from + 2 >= k);
    }
}

TEST(head_end)
{
    for (size_t i = 0; i < COUNT(heads); i++)
        for (size_t j = 0; j < COUNT(tails); j++)
            head_row(heads[i], tails[j]);
    size_t from = 9; /* past what is there */
    assert_int_equal(a407_head_end("\n\n", 2, &from), 0);
}

/* --- fields ------------------------------------------------------------ */

/* RFC 9112 section 5. */
static const char fields_head[] = "HTTP/1.1 407 P\r\n"
                                  " before: any\r\n"
                                  "One: 1\r\n"
                                  "no colon\r\n"
                                  "\tcontinued: x\r\n"
                                  "Blank : 2\r\n"
                                  "TWO:\t 2 \t\n"
                                  "fold:\r\n a,\r\n\tb\r\n \r\n"
                                  ": nameless\r\n"
                                  "empty:\r\n"
                                  "colons: a:b\r\n"
                                  "two: again\r\n"
                                  "\r\n"
                                  "After: body\r\n"
                                  "\r\n";

static const struct {
    const char *name, *value, *line;
} fields_want[] = {
    {"One", "1", "One: 1\r\n"},
    {"TWO", "2", "TWO:\t 2 \t\n"},
    {"fold", "a,\r\n\tb", "fold:\r\n a,\r\n\tb\r\n \r\n"},
    {"empty", "", "empty:\r\n"},
    {"colons", "a:b", "colons: a:b\r\n"},
    {"two", "again", "two: again\r\n"},
};

TEST(fields)
{
    size_t n = sizeof fields_head - 1;
    char *p = exact(fields_head, n);
    struct a407_field f;
    size_t at = 0, i = 0;
    while (a407_field_next(p, n, &at, &f)) {
        assert_true(i < COUNT(fields_want));
        assert_span(f.name, fields_want[i].name);
        assert_span(f.value, fields_want[i].value);
        assert_span(f.line, fields_want[i].line);
        i++;
    }
    assert_int_equal(i, COUNT(fields_want));
    assert_false(a407_field_next(p, n, &at, &f));
    assert_span(a407_field_find(p, n, "two"), "2");
    assert_span(a407_field_find(p, n, "EMPTY"), "");
    assert_span(a407_field_find(p, n, "tw"), NULL);
    assert_span(a407_field_find(p, n, "blank"), NULL);
    assert_span(a407_field_find(p, n, "after"), NULL);
    free(p);
}

/* A part of a head gives whole lines of it, and never a byte beyond. */
TEST(fields_cut)
{
    for (size_t n = 0; n < sizeof fields_head - 1; n++) {
        char *p = exact(fields_head, n);
        struct a407_field f;
        size_t at = 0, i = 0;
        while (a407_field_next(p, n, &at, &f)) {
            assert_true(i < COUNT(fields_want));
            assert_span(f.name, fields_want[i].name);
            assert_true(f.line.p + f.line.n <= p + n);
            assert_int_equal(f.line.p[f.line.n - 1], '\n');
            i++;
        }
        free(p);
    }
}

/* Without an end, and with nothing in it. */
TEST(fields_none)
{
    static const char *const none[] = {
        "",
        "\r\n",
        "\r\n\r\n",
        "HTTP/1.1 200",
        "HTTP/1.1 200\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "\nGET / HTTP/1.1\n\nA: b\n\n",
    };
    for (size_t i = 0; i < COUNT(none); i++) {
        size_t n = strlen(none[i]), at = 0;
        char *p = exact(none[i], n);
        struct a407_field f;
        assert_false(a407_field_next(p, n, &at, &f));
        assert_span(a407_field_find(p, n, "A"), NULL);
        free(p);
    }
}
