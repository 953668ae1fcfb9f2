/* SPDX-License-Identifier: MIT */
/* Basic: RFC 7617. */
#include "auth_help.h"
#include "unit.h"

static void check(const char *challenge, const char *user, const char *password,
                  const char *value)
{
    struct session *s = session_new(A407_BASIC);
    strcpy(s->user, user);
    if (password)
        strcpy(s->password, password);
    else
        s->cred.password = NULL;
    assert_int_not_equal(session_rank(s, challenge), 0);
    assert_int_equal(s->why, A407_CAUSE_NONE);
    assert_true(session_init(s, challenge));
    assert_string_equal(session_value(s), value);
    /* the next request is answered the same */
    assert_string_equal(session_value(s), value);
    session_free(s);
}

/* The two examples of RFC 7617 section 2 and 2.1. */
TEST(rfc)
{
    check("Basic realm=\"WallyWorld\"", "Aladdin", "open sesame",
          "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    check("Basic realm=\"foo\", charset=\"UTF-8\"", "test", "123\xc2\xa3",
          "Basic dGVzdDoxMjPCow==");
}

TEST(charset)
{
    /* without a charset the bytes go as they are, UTF-8 or not */
    check("Basic realm=x", "test", "123\xc2\xa3", "Basic dGVzdDoxMjPCow==");
    check("Basic realm=x", "test", "123\xa3", "Basic dGVzdDoxMjOj");
    check("Basic realm=x, charset=ISO-8859-1", "test", "123\xa3",
          "Basic dGVzdDoxMjOj");
    check("basic realm=x, charset=utf-8", "test", "123\xc2\xa3",
          "Basic dGVzdDoxMjPCow==");
}

/* Where UTF-8 is asked for, what isn't UTF-8 can't be sent (RFC 3629). */
TEST(not_utf8)
{
    static const char *const bad[] = {
        "\xa3",             /* a byte that continues nothing */
        "x\xc2",            /* cut off */
        "\xe2\x82",         /* cut off */
        "\xc0\xaf",         /* overlong */
        "\xe0\x80\xaf",     /* overlong */
        "\xf0\x80\x80\xaf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* past U+10FFFF */
        "\xf8\x88\x80\x80\x80",
    };
    struct session *s = session_new(A407_BASIC);
    const char *ch = "Basic realm=x, charset=\"UTF-8\"";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        strcpy(s->password, bad[i]);
        assert_int_equal(session_rank(s, ch), 0);
        assert_int_equal(s->why, A407_CAUSE_MALFORMED);
        assert_true(session_init(s, ch));
        assert_int_equal(session_step(s), A407_STEP_FAIL);
        assert_int_equal(s->why, A407_CAUSE_MALFORMED);
        assert_int_equal(s->out.n, 0);
    }
    strcpy(s->password, "\x7e\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
                        "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    assert_int_equal(session_rank(s, ch), 1);
    strcpy(s->user, "\xff");
    assert_int_equal(session_rank(s, ch), 0);
    session_free(s);
}

TEST(parts)
{
    check("Basic", "u", "", "Basic dTo=");
    check("Basic", "u", NULL, "Basic dTo=");
    check("Basic", "", "p", "Basic OnA=");
    /* only the first colon divides: one in the password is fine */
    check("Basic", "u", "a:b:", "Basic dTphOmI6");
    struct session *s = session_new(A407_BASIC);
    s->cred.username = NULL;
    assert_int_equal(session_rank(s, "Basic"), 0);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    assert_true(session_init(s, "Basic"));
    assert_int_equal(session_step(s), A407_STEP_FAIL);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    session_free(s);
}

/* RFC 7617 section 2: no colon in the name, no control anywhere. */
TEST(malformed)
{
    struct session *s = session_new(A407_BASIC);
    for (int c = 1; c < 256; c++) {
        bool control = c < 0x20 || c == 0x7f;
        for (int where = 0; where < 2; where++) {
            char *text = where ? s->password : s->user;
            snprintf(s->user, sizeof s->user, "alice");
            snprintf(s->password, sizeof s->password, "pass");
            snprintf(text, 8, "a%cb", c);
            bool bad = control || (c == ':' && !where);
            assert_int_equal(session_rank(s, "Basic"), !bad);
            assert_int_equal(s->why,
                             bad ? A407_CAUSE_MALFORMED : A407_CAUSE_NONE);
            assert_true(session_init(s, "Basic"));
            assert_int_equal(session_step(s),
                             bad ? A407_STEP_FAIL : A407_STEP_DONE);
            if (bad)
                assert_int_equal(s->out.n, 0);
        }
    }
    session_free(s);
}

/* Every length, against a plain encoder: the pieces must join. */
TEST(lengths)
{
    static const char abc[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct session *s = session_new(A407_BASIC);
    assert_true(session_init(s, "Basic realm=\"a\""));
    for (size_t user = 0; user < 100; user += 7)
        for (size_t pass = 0; pass < 120; pass++) {
            char plain[300] = {0}, want[420] = "Basic ";
            memset(s->user, 'u', user);
            s->user[user] = '\0';
            memset(s->password, 'p', pass);
            s->password[pass] = '\0';
            size_t n = (size_t)snprintf(plain, sizeof plain, "%s:%s", s->user,
                                        s->password);
            char *to = want + 6;
            for (size_t i = 0; i < n; i += 3) {
                unsigned v = (unsigned)plain[i] << 16 |
                             (unsigned)plain[i + 1] << 8 |
                             (unsigned)plain[i + 2];
                *to++ = abc[v >> 18];
                *to++ = abc[v >> 12 & 63];
                *to++ = i + 1 < n ? abc[v >> 6 & 63] : '=';
                *to++ = i + 2 < n ? abc[v & 63] : '=';
            }
            assert_string_equal(session_value(s), want);
        }
    session_free(s);
}

/* A value that does not fit leaves only what was there before. */
TEST(too_long)
{
    struct session *s = session_new(A407_BASIC);
    assert_true(session_init(s, "Basic realm=\"a\""));
    size_t full = strlen(session_value(s));
    for (size_t max = 2; max < 2 + full; max++) {
        struct a407_buf b;
        a407_buf_init(&b, max);
        assert_true(a407_buf_str(&b, "P:"));
        assert_int_equal(a407_scheme_step(s->scheme, s->state, &s->cred, &s->rq,
                                          &b, &s->why),
                         A407_STEP_FAIL);
        assert_int_equal(b.n, 2);
        assert_memory_equal(b.p, "P:", 2);
        a407_buf_free(&b);
    }
    session_free(s);
}

/* Basic has nothing that expires. */
TEST(reply)
{
    struct session *s = session_new(A407_BASIC);
    assert_true(session_init(s, "Basic realm=\"a\""));
    assert_int_equal(session_reply(s, "Basic realm=\"a\"", true),
                     A407_REPLY_REJECTED);
    assert_int_equal(session_reply(s, "Basic realm=\"b\", stale=true", false),
                     A407_REPLY_REJECTED);
    assert_false(s->scheme->per_connection);
    assert_null(s->scheme->info);
    session_free(s);
}
