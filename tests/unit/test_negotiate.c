/* SPDX-License-Identifier: MIT */
/* Negotiate on the wire: RFC 4559 section 4; token68: RFC 9110 section 11.2. */
#include "auth_help.h"
#include "unit.h"

static struct session *start(const char *challenge)
{
    struct session *s = session_new(A407_NEGOTIATE);
    assert_true(session_init(s, challenge));
    return s;
}

static struct a407_span outside(struct session *s)
{
    return s->scheme->outside(s->state);
}

/* A step with a token of exactly n bytes. */
static enum a407_step answer(struct session *s, const char *p, size_t n)
{
    char *token = malloc(n ? n : 1);
    assert_non_null(token);
    memcpy(token, p, n);
    s->rq.token = a407_span(token, n);
    enum a407_step step = session_step(s);
    s->rq.token = a407_span(NULL, 0);
    free(token);
    return step;
}

static void assert_value(struct session *s, const char *z)
{
    assert_int_equal(s->out.n, strlen(z));
    assert_memory_equal(s->out.p, z, s->out.n);
}

TEST(what_it_is)
{
    const struct a407_scheme *s = a407_scheme_get(A407_NEGOTIATE);
    assert_non_null(s);
    assert_int_equal(s->id, A407_NEGOTIATE);
    assert_string_equal(s->token, "Negotiate");
    assert_true(s->per_connection);
    assert_true(s->unasked);
    assert_non_null(s->outside);
}

/* The first leg has no token of the proxy's. */
TEST(first_leg)
{
    static const char *const bare[] = {"Negotiate", "negotiate",
                                       "NEGOTIATE realm=\"x\""};
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
        struct session *s = start(bare[i]);
        assert_int_equal(session_step(s), A407_STEP_NEED_TOKEN);
        assert_int_equal(s->why, A407_CAUSE_NONE);
        assert_int_equal(s->out.n, 0);
        assert_null(outside(s).p);
        assert_int_equal(answer(s, "\x60\x01\x02", 3), A407_STEP_DONE);
        assert_value(s, "Negotiate YAEC");
        session_free(s);
    }
}

/* Sent with a request, before any challenge. */
TEST(unasked)
{
    struct session *s = session_new(A407_NEGOTIATE);
    assert_true(s->scheme->init(s->state, NULL));
    assert_null(outside(s).p);
    assert_int_equal(session_step(s), A407_STEP_NEED_TOKEN);
    assert_int_equal(answer(s, "abcd", 4), A407_STEP_DONE);
    assert_value(s, "Negotiate YWJjZA==");
    session_free(s);
}

TEST(further_legs)
{
    struct session *s = start("Negotiate");
    assert_int_equal(answer(s, "one", 3), A407_STEP_DONE);
    assert_int_equal(session_reply(s, "Negotiate AP/+gA==", true),
                     A407_REPLY_CONTINUE);
    assert_true(session_init(s, "Negotiate AP/+gA=="));
    assert_int_equal(outside(s).n, 4);
    assert_memory_equal(outside(s).p, "\0\xff\xfe\x80", 4);
    assert_int_equal(session_step(s), A407_STEP_NEED_TOKEN);
    assert_int_equal(answer(s, "two", 3), A407_STEP_DONE);
    assert_value(s, "Negotiate dHdv");
    /* and from the start: nothing is left of the old token */
    assert_true(session_init(s, "Negotiate"));
    assert_null(outside(s).p);
    session_free(s);
}

/* A token that comes before any of ours belongs to somebody else's handshake,
   as where the next credential has its turn. */
TEST(not_for_us)
{
    struct session *s = start("Negotiate oQcwBaADCgEC");
    assert_null(outside(s).p);
    assert_int_equal(answer(s, "one", 3), A407_STEP_DONE);
    session_free(s);
}

/* A bare challenge after our token is a refusal. */
TEST(refused)
{
    struct session *s = start("Negotiate");
    assert_int_equal(answer(s, "one", 3), A407_STEP_DONE);
    assert_int_equal(session_reply(s, "Negotiate", true), A407_REPLY_REJECTED);
    assert_int_equal(session_reply(s, "Negotiate", false), A407_REPLY_REJECTED);
    session_free(s);
}

/* A proxy that goes on for ever is left alone; another connection begins anew.
 */
TEST(endless)
{
    struct session *s = start("Negotiate");
    int legs = 0;
    do {
        assert_int_equal(answer(s, "one", 3), A407_STEP_DONE);
        if (session_reply(s, "Negotiate b25l", true) != A407_REPLY_CONTINUE)
            break;
        assert_true(session_init(s, "Negotiate b25l"));
    } while (++legs < 100);
    assert_in_range(legs, 4, 16);
    assert_true(session_init(s, "Negotiate"));
    assert_int_equal(answer(s, "one", 3), A407_STEP_DONE);
    assert_int_equal(session_reply(s, "Negotiate b25l", true),
                     A407_REPLY_CONTINUE);
    session_free(s);
}

/* base64: RFC 4648. None of these is a token. */
TEST(malformed_tokens)
{
    static const char *const bad[] = {"Negotiate A",       "Negotiate AAA",
                                      "Negotiate AA=",     "Negotiate AB.D",
                                      "Negotiate AA~A",    "Negotiate =",
                                      "Negotiate AAAA=AAA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct session *s = start("Negotiate");
        struct given *g = given(bad[i]);
        assert_int_equal(answer(s, "one", 3), A407_STEP_DONE);
        if (g->list.n == 1 && g->list.item[0].token68.p &&
            s->scheme->init(s->state, &g->list.item[0]))
            fail_msg("taken: %s", bad[i]);
        given_free(g);
        session_free(s);
    }
}

/* A challenge with n bytes of token; is it taken, and is it whole? */
static bool takes(size_t n)
{
    size_t digits = (n + 2) / 3 * 4;
    char *text = malloc(digits + 16);
    assert_non_null(text);
    int at = sprintf(text, "Negotiate ");
    memset(text + at, 'A', digits);
    if (n % 3)
        memset(text + at + digits - (3 - n % 3), '=', 3 - n % 3);
    struct given *g = given_bytes(text, (size_t)at + digits);
    free(text);
    struct session *s = start("Negotiate");
    assert_int_equal(answer(s, "one", 3), A407_STEP_DONE);
    bool ok = s->scheme->init(s->state, &g->list.item[0]);
    if (ok)
        assert_int_equal(outside(s).n, n);
    given_free(g);
    session_free(s);
    return ok;
}

TEST(token_sizes)
{
    for (size_t n = 1; n < 600; n += 7)
        assert_true(takes(n));
    assert_true(takes(65535));
    assert_true(takes(65536));
    assert_false(takes(65537));
    assert_false(takes(65539));
    assert_false(takes(200000));
}

/* Every size of our own token, and one that does not fit. */
TEST(our_tokens)
{
    struct session *s = start("Negotiate");
    char *token = calloc(1, 60000);
    assert_non_null(token);
    for (size_t n = 1; n < 1000; n++) {
        assert_int_equal(answer(s, token, n), A407_STEP_DONE);
        assert_int_equal(s->out.n, 10 + (n + 2) / 3 * 4);
        assert_null(memchr(s->out.p, '\n', s->out.n));
    }
    assert_int_equal(answer(s, token, 48000), A407_STEP_DONE);
    assert_int_equal(s->out.n, 64010);
    assert_int_equal(answer(s, token, 60000), A407_STEP_FAIL);
    assert_int_equal(s->why, A407_CAUSE_PROTOCOL);
    assert_int_equal(s->out.n, 0);
    a407_buf_free(&s->out);
    assert_int_equal(answer(s, token, 0), A407_STEP_FAIL);
    free(token);
    session_free(s);
}

/* Whatever the credential has: a ticket is not part of it. */
TEST(any_credential)
{
    struct session *s = session_new(A407_NEGOTIATE);
    assert_int_equal(session_rank(s, "Negotiate"), 1);
    s->cred.username = s->cred.password = NULL;
    assert_int_equal(session_rank(s, "Negotiate"), 1);
    assert_int_equal(s->why, A407_CAUSE_NONE);
    session_free(s);
}
