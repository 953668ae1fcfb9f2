/* SPDX-License-Identifier: MIT */
/* The lines between the library and auth407-gss: core/auth/gss_protocol.h. */
#include "unit.h"

#include "core/auth/gss_protocol.h"
#include "unit.h"

/* The value of a key in a message that ends where its memory does. */
static char *value(const char *message, const char *key, struct a407_span *out)
{
    size_t n = strlen(message);
    char *copy = exact(message, n);
    *out = a407_gss_field(a407_span(copy, n), key);
    return copy;
}

TEST(fields)
{
    static const struct {
        const char *message, *key, *value;
    } cases[] = {
        {"a=1\nbb=2\n\n", "a", "1"},
        {"a=1\nbb=2\n\n", "bb", "2"},
        {"a=1\nbb=2\n\n", "b", NULL}, /* no prefix counts */
        {"a=1\nbb=2\n\n", "abb", NULL},
        {"a=1\na=2\n\n", "a", "1"}, /* the first wins */
        {"a=b=c\n\n", "a", "b=c"},
        {"a=\n\n", "a", ""},
        {"a\n\n", "a", NULL},
        {"=1\n\n", "a", NULL},
        {"x\na= 1 \n\n", "a", " 1 "},
        {"a=1", "a", "1"}, /* cut off */
        {"a=", "a", ""},
        {"a", "a", NULL},
        {"", "a", NULL},
        {"\n\n", "a", NULL},
        {"b=a=1\n\n", "a", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct a407_span found;
        char *message = value(cases[i].message, cases[i].key, &found);
        assert_span(found, cases[i].value);
        free(message);
    }
    assert_span(a407_gss_field(a407_span(NULL, 0), "a"), NULL);
}

/* What is put in can be found again, and nothing else gets in with it. */
TEST(puts_and_finds)
{
    struct a407_buf m;
    a407_buf_init(&m, 60);
    assert_true(a407_gss_put(&m, "one", "a value; with = signs"));
    assert_false(a407_gss_put(&m, "two", "x\nstate=complete"));
    assert_false(a407_gss_put(&m, "two", "x\r"));
    assert_true(a407_gss_put(&m, "three", ""));
    assert_span(a407_gss_field(a407_span(m.p, m.n), "one"),
                "a value; with = signs");
    assert_span(a407_gss_field(a407_span(m.p, m.n), "two"), NULL);
    assert_span(a407_gss_field(a407_span(m.p, m.n), "three"), "");
    assert_false(a407_gss_put(&m, "four", "0123456789012345678901234567890"));
    assert_true(m.failed);
    a407_buf_free(&m);
}

TEST(tokens)
{
    char bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    for (size_t n = 1; n < sizeof bytes; n++) {
        struct a407_buf m, out;
        char *token = exact(bytes, n);
        a407_buf_init(&m, 1000);
        a407_buf_init(&out, 1000);
        assert_true(a407_buf_str(&out, "before"));
        assert_true(a407_gss_put_token(&m, a407_span(token, n)));
        char *whole = exact(m.p, m.n);
        assert_true(a407_gss_token(a407_span(whole, m.n), &out));
        assert_int_equal(out.n, n + 6);
        assert_memory_equal(out.p, "before", 6);
        assert_memory_equal(out.p + 6, bytes, n);
        free(whole);
        free(token);
        a407_buf_free(&m);
        a407_buf_free(&out);
    }
}

TEST(no_tokens)
{
    static const char *const bad[] = {
        "",           "token=\n",     "x=AAAA\n",    "token=A\n",
        "token=AA\n", "token=%%%%\n", "token=====\n"};
    struct a407_buf out;
    a407_buf_init(&out, 100);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *copy = exact(bad[i], strlen(bad[i]));
        assert_false(a407_gss_token(a407_span(copy, strlen(bad[i])), &out));
        assert_int_equal(out.n, 0);
        free(copy);
    }
    a407_buf_free(&out);
}

/* Neither fits: each side has its maximum. */
TEST(too_long)
{
    char *bytes = calloc(1, 200000);
    struct a407_buf m, out;
    assert_non_null(bytes);
    a407_buf_init(&m, A407_GSS_MESSAGE_MAX);
    a407_buf_init(&out, 100);
    assert_true(a407_gss_put_token(&m, a407_span(bytes, 65536)));
    assert_false(a407_gss_token(a407_span(m.p, m.n), &out));
    assert_int_equal(out.n, 0);
    assert_false(a407_gss_put_token(&m, a407_span(bytes, 65536)));
    assert_true(m.failed);
    a407_buf_clear(&m);
    assert_false(a407_gss_put_token(&m, a407_span(bytes, 200000)));
    a407_buf_free(&m);
    a407_buf_free(&out);
    free(bytes);
}
