/* SPDX-License-Identifier: MIT */
/* Bearer: RFC 6750; the challenge: RFC 9110 section 11.6. */
#include "auth_help.h"
#include "unit.h"

/* {"alg":"none"} and {"nbf":1000000000,"exp":2000000000} */
#define JWT                                                                    \
    "eyJhbGciOiJub25lIn0.eyJuYmYiOjEwMDAwMDAwMDAsImV4cCI6MjAwMDAwMDAwMH0."

#define NBF 1000000000
#define EXP 2000000000

static struct session *bearer(char *token)
{
    struct session *s = session_new(A407_BEARER);
    s->cred.username = s->cred.password = NULL;
    s->cred.token = token;
    s->rq.now = 1500000000;
    assert_true(session_init(s, "Bearer realm=\"p\", error=\"invalid_token\""));
    return s;
}

/* RFC 6750 section 2.1 */
TEST(value)
{
    static char token[] = "mF_9.B5f-4.1JqM";
    struct session *s = bearer(token);
    assert_int_equal(session_rank(s, "Bearer"), 1);
    assert_int_equal(session_rank(s, "bearer realm=x, scope=\"a b\""), 1);
    assert_string_equal(session_value(s), "Bearer mF_9.B5f-4.1JqM");
    assert_string_equal(session_value(s), "Bearer mF_9.B5f-4.1JqM");
    session_free(s);
}

/* b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" */
TEST(syntax)
{
    static const struct {
        const char *token;
        enum a407_cause why;
    } tokens[] = {{"a", A407_CAUSE_NONE},
                  {"Az09-._~+/", A407_CAUSE_NONE},
                  {"a=", A407_CAUSE_NONE},
                  {"a====", A407_CAUSE_NONE},
                  {"", A407_CAUSE_MALFORMED},
                  {"=", A407_CAUSE_MALFORMED},
                  {"a=b", A407_CAUSE_MALFORMED},
                  {"a b", A407_CAUSE_MALFORMED},
                  {" a", A407_CAUSE_MALFORMED},
                  {"a ", A407_CAUSE_MALFORMED},
                  {"a\n", A407_CAUSE_MALFORMED},
                  {"a\r", A407_CAUSE_MALFORMED},
                  {"a\xc3\xa9", A407_CAUSE_MALFORMED},
                  {"Bearer a", A407_CAUSE_MALFORMED},
                  {"a,b", A407_CAUSE_MALFORMED},
                  {"\"a\"", A407_CAUSE_MALFORMED},
                  {NULL, A407_CAUSE_UNMET}};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        char *z = tokens[i].token ? strdup(tokens[i].token) : NULL;
        struct session *s = bearer(z);
        bool good = tokens[i].why == A407_CAUSE_NONE;
        assert_int_equal(session_rank(s, "Bearer"), good);
        assert_int_equal(s->why, tokens[i].why);
        assert_int_equal(session_step(s),
                         good ? A407_STEP_DONE : A407_STEP_FAIL);
        assert_int_equal(s->why, tokens[i].why);
        assert_int_equal(s->out.n, good ? 7 + strlen(z) : 0);
        session_free(s);
        free(z);
    }
}

/* A name and a password are no token. */
TEST(no_token)
{
    struct session *s = session_new(A407_BEARER);
    assert_int_equal(session_rank(s, "Bearer"), 0);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    session_free(s);
}

/* RFC 7519 sections 4.1.4 and 4.1.5 */
TEST(times)
{
    static char token[] = JWT;
    static const struct {
        int64_t now;
        bool good;
    } times[] = {{EXP - 1, true},    {EXP, false}, {EXP + 1, false},
                 {INT64_MAX, false}, {NBF, true},  {NBF - 60, true},
                 {NBF - 61, false},  {0, false}};
    struct session *s = bearer(token);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        s->rq.now = times[i].now;
        assert_int_equal(session_rank(s, "Bearer"), 1);
        assert_int_equal(session_step(s),
                         times[i].good ? A407_STEP_DONE : A407_STEP_FAIL);
        assert_int_equal(s->why, times[i].good ? A407_CAUSE_NONE
                                               : A407_CAUSE_TOKEN_EXPIRED);
        assert_int_equal(s->out.n, times[i].good ? 7 + strlen(token) : 0);
    }
    session_free(s);
}

/* RFC 6750 section 3.1: no error makes the same token good. */
TEST(reply)
{
    static char token[] = "abc";
    struct session *s = bearer(token);
    for (int fresh = 0; fresh < 2; fresh++) {
        assert_int_equal(session_reply(s, "Bearer", fresh),
                         A407_REPLY_REJECTED);
        assert_int_equal(
            session_reply(s, "Bearer error=\"invalid_token\"", fresh),
            A407_REPLY_REJECTED);
    }
    session_free(s);
}

/* What does not fit is taken back. */
TEST(no_room)
{
    static char token[] = "abcdefgh";
    struct session *s = bearer(token);
    a407_buf_free(&s->out);
    a407_buf_init(&s->out, 18);
    assert_true(a407_buf_str(&s->out, "12345"));
    assert_int_equal(a407_scheme_step(s->scheme, s->state, &s->cred, &s->rq,
                                      &s->out, &s->why),
                     A407_STEP_FAIL);
    assert_int_equal(s->why, A407_CAUSE_PROTOCOL);
    assert_int_equal(s->out.n, 5);
    session_free(s);
}
