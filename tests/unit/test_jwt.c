/* SPDX-License-Identifier: MIT */
/* JWT: RFC 7519, in the compact form of RFC 7515, over JSON of RFC 8259. */
#include <nettle/base64.h>

#include "core/base/jwt.h"
#include "unit.h"

#include <stdio.h>

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

/* Base64url without padding, at the end of `out`. */
static void add_coded(char *out, const char *text, size_t n)
{
    char coded[BASE64_ENCODE_RAW_LENGTH(8192)];
    size_t len = BASE64_ENCODE_RAW_LENGTH(n);
    char *p = out + strlen(out);
    assert_true(n <= 8192);
    base64_encode_raw(coded, n, (const uint8_t *)text);
    while (len && coded[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++)
        *p++ = coded[i] == '+' ? '-' : coded[i] == '/' ? '_' : coded[i];
    *p = '\0';
}

static bool read_exact(const char *text, size_t n, struct a407_jwt *out)
{
    char *p = exact(text, n);
    bool is = a407_jwt_read(a407_span(p, n), out);
    assert_int_equal(a407_jwt_expiry(a407_span(p, n)), out->expires);
    free(p);
    if (!is)
        assert_true(out->expires == 0 && out->not_before == 0);
    return is;
}

static bool read_parts_n(const char *header, const char *payload, size_t n,
                         const char *tail, struct a407_jwt *out)
{
    static char token[32768];
    token[0] = '\0';
    add_coded(token, header, strlen(header));
    strcat(token, ".");
    add_coded(token, payload, n);
    strcat(token, tail);
    return read_exact(token, strlen(token), out);
}

static bool read_parts(const char *header, const char *payload,
                       struct a407_jwt *out)
{
    return read_parts_n(header, payload, strlen(payload), ".c2ln", out);
}

/* RFC 7519 section 3.1, and the unsecured one of section 6.1. */
TEST(example)
{
    static const char *const tokens[] = {
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "eyJhbGciOiJub25lIn0"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        "."};
    for (size_t i = 0; i < 2; i++) {
        struct a407_jwt jwt;
        assert_true(read_exact(tokens[i], strlen(tokens[i]), &jwt));
        assert_int_equal(jwt.expires, 1300819380);
        assert_int_equal(jwt.not_before, 0);
    }
}

/* Cut anywhere it is no JWT, or, within the signature, the same one. */
TEST(cut)
{
    static const char token[] = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3fQ.c2ln";
    struct a407_jwt jwt;
    for (size_t n = 0; n < sizeof token; n++) {
        bool is = read_exact(token, n, &jwt);
        assert_int_equal(is, n >= sizeof token - 5);
        assert_int_equal(jwt.expires, is ? 17 : 0);
    }
}

/* RFC 7519 section 2 (NumericDate), RFC 8259 section 6 */
TEST(numbers)
{
    static const struct {
        const char *number;
        int64_t value;
    } numbers[] = {
        {"1300819380", 1300819380},
        {"1300819380.75", 1300819380},
        {"1300819380.000", 1300819380},
        {"1.30081938e9", 1300819380},
        {"1.30081938E+9", 1300819380},
        {"13008193800000e-4", 1300819380},
        {"0.13e2", 13},
        {"1e2", 100},
        {"9e18", 9000000000000000000},
        {"9223372036854775807", 922337203685477580 * 10LL},
        {"1e30", INT64_MAX},
        {"99999999999999999999999999", INT64_MAX},
        {"1e99999999999999999999", INT64_MAX},
        {"1e-99999999999999999999", 1},
        {"1.99999999999999999999999999999999", 1},
        {"123456789012345678901234567890e-25", 12345},
        {"0", 1},
        {"-0", 1},
        {"0.5", 1},
        {"-5", 1},
        {"-1e30", 1},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char payload[200];
        struct a407_jwt jwt;
        snprintf(payload, sizeof payload, "{\"exp\":%s , \"nbf\": %s}",
                 numbers[i].number, numbers[i].number);
        assert_true(read_parts(HEADER, payload, &jwt));
        assert_int_equal(jwt.expires, jwt.not_before);
        /* past 18 digits the last one may be lost: 300 thousand million years
         */
        if (jwt.expires / 10 != numbers[i].value / 10 ||
            (numbers[i].value < INT64_MAX / 10 &&
             jwt.expires != numbers[i].value))
            fail_msg("%s: %lld", numbers[i].number, (long long)jwt.expires);
    }
}

/* Payloads that are objects, and the expiry that they tell. */
TEST(payloads)
{
    static const struct {
        const char *payload;
        int64_t expires;
    } good[] = {
        {"{}", 0},
        {"{\"sub\":\"x\"}", 0},
        {" \t\r\n{ \"exp\" : 7 } \n", 7},
        {"{\"a\":[1,{\"exp\":5},[]],\"exp\":7}", 7},
        {"{\"a\":{\"exp\":5,\"b\":{}}}", 0},
        {"{\"a\":\"\\\"exp\\\":5\",\"b\":[true,false,null,-1.5e3,\"\"]}", 0},
        {"{\"exp\":5,\"exp\":7}", 7},
        {"{\"\\u0065x\\u0070\":7}", 7},
        {"{\"e\\u0078\\/\":5,\"exp\":7}", 7},
        {"{\"exp \":5,\"ex\":5,\"expi\":5,\"\":5,\"Exp\":5}", 0},
        {"{\"ex\\u0170\":5,\"ex\\u0000\":5,\"e\\np\":5}", 0},
        {"{\"exp\":\"7\"}", 0},
        {"{\"exp\":null}", 0},
        {"{\"exp\":[7]}", 0},
        {"{\"\xc3\xa9\":\"\xff\",\"exp\":7}", 7},
        {"{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]],\"exp\":7}", 7},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct a407_jwt jwt;
        if (!read_parts(HEADER, good[i].payload, &jwt))
            fail_msg("refused: %s", good[i].payload);
        if (jwt.expires != good[i].expires)
            fail_msg("%s: %lld", good[i].payload, (long long)jwt.expires);
    }
}

static const char *const bad[] = {
    "",
    "x",
    "7",
    "[]",
    "\"exp\"",
    "{",
    "}",
    "{}{}",
    "{} x",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{\"a\":1 \"b\":2}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":[1,]}",
    "{\"a\":[1 2]}",
    "{\"a\":[}",
    "{\"a\":[1}",
    "{\"a\":{]}",
    "{\"a\":tru}",
    "{\"a\":nul}",
    "{\"a\":True}",
    "{\"a\":01}",
    "{\"a\":00}",
    "{\"a\":-}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":1e}",
    "{\"a\":1e+}",
    "{\"a\":0x1}",
    "{\"a\":1.5.5}",
    "{\"exp\":1x}",
    "{\"exp\":NaN}",
    "{\"exp\":01}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\t\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12g4\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"x}",
    "{\"a\":\"\\\"}",
    "{\"a\":1}\v",
    /* one level deeper than is read */
    "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}",
    ("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
     "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}"),
};

TEST(bad_payloads)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct a407_jwt jwt;
        if (read_parts(HEADER, bad[i], &jwt))
            fail_msg("accepted: %s", bad[i]);
    }
    struct a407_jwt jwt;
    assert_false(read_parts_n(HEADER, "{}\0", 3, ".x", &jwt));
    assert_false(read_parts_n(HEADER, "{\"a\":\"\0\"}", 9, ".x", &jwt));
}

/* RFC 7515 section 4.1.1: alg must be there. */
TEST(headers)
{
    static const char *const headers[] = {"{}",
                                          "{\"typ\":\"JWT\"}",
                                          "{\"alg\":1}",
                                          "{\"alg\":null}",
                                          "{\"alg\":\"x\",\"alg\":1}",
                                          "[\"alg\"]",
                                          "x",
                                          "{\"ALG\":\"x\"}"};
    struct a407_jwt jwt;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (read_parts(headers[i], "{\"exp\":7}", &jwt))
            fail_msg("accepted: %s", headers[i]);
    assert_true(read_parts("{\"alg\":\"x\"}", "{\"exp\":7}", &jwt));
}

/* Other tokens: their bytes tell nothing. */
TEST(others)
{
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "...",
        "abc",
        "abc.def",
        "abc.def.ghi",
        "mF_9.B5f-4.1JqM", /* RFC 6750 section 2.1 */
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3fQ",
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3fQ.a.b",
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3fQ.a.b.c", /* encrypted: RFC 7516 */
        "eyJhbGciOiJub25lIn0=.eyJleHAiOjE3fQ==.",
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3fQ.a=",
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3fQ.a+b",
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3f.",
        "eyJhbGciOiJub25lIn0..",
        ".eyJleHAiOjE3fQ.",
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3 fQ."};
    struct a407_jwt jwt;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        if (read_exact(tokens[i], strlen(tokens[i]), &jwt))
            fail_msg("accepted: %s", tokens[i]);
    assert_false(a407_jwt_read(a407_span(NULL, 0), &jwt));
}

/* Every length, so that each place within a base64 group ends the text. */
TEST(lengths)
{
    char payload[100];
    struct a407_jwt jwt;
    for (int pad = 0; pad < 40; pad++) {
        snprintf(payload, sizeof payload, "{\"x\":\"%.*s\",\"exp\":1300819380}",
                 pad,
                 "?\x3e?\x3e?\x3e~~~~\xc3\xbf\xc3\xbf\xc3\xbf"
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_true(read_parts(HEADER, payload, &jwt));
        assert_int_equal(jwt.expires, 1300819380);
    }
}
