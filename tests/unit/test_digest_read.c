/* SPDX-License-Identifier: MIT */
/* Digest: which challenges can be answered, and hostile ones. */
#include "auth_help.h"

#include "core/auth/digest.h"
#include "unit.h"

static void check_rank(const char *challenge, unsigned rank,
                       enum a407_cause why)
{
    struct session *s = session_new(A407_DIGEST);
    if (session_rank(s, challenge) != rank || s->why != why)
        print_error("in [%s]\n", challenge);
    assert_int_equal(session_rank(s, challenge), rank);
    assert_int_equal(s->why, why);
    assert_int_equal(session_init(s, challenge), rank != 0);
    session_free(s);
}

#define BASE "Digest realm=\"r\", nonce=\"n\""

/* RFC 7616 section 3.3 (algorithm) and 6.1; names in any case. */
TEST(algorithms)
{
    check_rank(BASE, 1, A407_CAUSE_NONE);
    check_rank(BASE ", algorithm=MD5", 1, A407_CAUSE_NONE);
    check_rank(BASE ", algorithm=\"md5-SESS\"", 1, A407_CAUSE_NONE);
    check_rank(BASE ", Algorithm = sha-256", 2, A407_CAUSE_NONE);
    check_rank(BASE ", algorithm=SHA-256-sess", 2, A407_CAUSE_NONE);
    check_rank(BASE ", algorithm=SHA-512-256", 3, A407_CAUSE_NONE);
    check_rank(BASE ", algorithm=sha-512-256-Sess", 3, A407_CAUSE_NONE);
    static const char *const unknown[] = {
        "SHA-512",   "SHA", "SHA-1", "MD5-sess-x",  "MD",
        "AKAv1-MD5", "X",   "\"\"",  "\"MD5,MD5\"", "\"M\\D5\"",
    };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char ch[100];
        snprintf(ch, sizeof ch, BASE ", algorithm=%s", unknown[i]);
        check_rank(ch, 0, A407_CAUSE_UNSUPPORTED);
    }
}

/* RFC 7616 section 3.3 (qop): unknown values are ignored. */
TEST(qop)
{
    static const struct {
        const char *qop;
        int sent; /* 0: the form of RFC 2069, 1: auth, 2: auth-int, -1: none */
    } row[] = {
        {"\"auth\"", 1},
        {"auth", 1},
        {"\"auth,auth-int\"", 1},
        {"\"auth-int,auth\"", 1},
        {"\" auth-int , AUTH \"", 1},
        {"\"auth-int\"", 2},
        {"\"x,Auth-Int,y\"", 2},
        {"\"x,,auth\"", 1},
        {"\",\tauth\"", 1},
        {"\"\"", 0},
        {"\" , ,\"", 0},
        {"\"auth-conf\"", -1},
        {"\"authx, xauth\"", -1},
        {"\"auth auth-int\"", -1},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char ch[100];
        snprintf(ch, sizeof ch, BASE ", qop=%s", row[i].qop);
        if (row[i].sent < 0) {
            check_rank(ch, 0, A407_CAUSE_UNSUPPORTED);
            continue;
        }
        struct session *s = session_new(A407_DIGEST);
        assert_true(session_init(s, ch));
        const char *v = session_value(s);
        if (row[i].sent == 0)
            assert_lacks(v, "qop");
        else
            assert_has(v,
                       row[i].sent == 1 ? ", qop=auth, " : ", qop=auth-int, ");
        session_free(s);
    }
}

/* Hashes from Python, as in test_digest.c. */
TEST(missing)
{
    check_rank("Digest", 0, A407_CAUSE_PROTOCOL);
    check_rank("Digest realm=\"r\"", 0, A407_CAUSE_PROTOCOL);
    check_rank("Digest abcdefg=", 0, A407_CAUSE_PROTOCOL);
    struct session *s = session_new(A407_DIGEST);
    /* no realm: an empty one */
    assert_true(session_init(s, "Digest nonce=\"n0nce\", qop=\"auth\""));
    const char *v = session_value(s);
    assert_has(v, "realm=\"\", nonce=\"n0nce\"");
    assert_has(v, "response=\"e8fdbf20ca713dbd46b4409e54dce7da\"");
    /* no password: an empty one */
    s->cred.password = NULL;
    assert_true(session_restart(
        s, "Digest realm=\"a realm\", nonce=\"n0nce\", qop=\"auth\""));
    v = session_value(s);
    assert_has(v, "response=\"193201bd4657c94ce4972cb64a7a40f2\"");
    s->cred.username = NULL;
    assert_int_equal(session_rank(s, BASE), 0);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    assert_int_equal(session_step(s), A407_STEP_FAIL);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    session_free(s);
    /* a step before any challenge */
    s = session_new(A407_DIGEST);
    assert_int_equal(session_step(s), A407_STEP_FAIL);
    assert_int_equal(s->why, A407_CAUSE_PROTOCOL);
    assert_int_equal(session_reply(s, BASE, false), A407_REPLY_REJECTED);
    session_free(s);
}

TEST(bad_name)
{
    struct session *s = session_new(A407_DIGEST);
    for (int c = 1; c < 256; c++) {
        bool bad = c < 0x20 || c == 0x7f;
        snprintf(s->user, sizeof s->user, "a%cb", c);
        assert_int_equal(session_rank(s, BASE), !bad);
        assert_int_equal(s->why, bad ? A407_CAUSE_MALFORMED : A407_CAUSE_NONE);
        assert_true(session_init(s, BASE));
        assert_int_equal(session_step(s),
                         bad ? A407_STEP_FAIL : A407_STEP_DONE);
        /* such bytes aren't UTF-8, as a charset asks for */
        assert_int_equal(session_rank(s, BASE ", charset=UTF-8"),
                         !bad && c < 0x80);
    }
    /* a password may hold anything: it is only hashed */
    strcpy(s->user, "alice");
    strcpy(s->password, "\x01\xff");
    assert_int_equal(session_rank(s, BASE), 1);
    assert_int_equal(session_rank(s, BASE ", charset=UTF-8"), 0);
    assert_int_equal(s->why, A407_CAUSE_MALFORMED);
    session_free(s);
}

/* The echo keeps the escapes (RFC 9110 section 5.6.4), the hash has none. */
TEST(escapes)
{
    struct session *s = session_new(A407_DIGEST);
    strcpy(s->user, "a\"b\\c");
    assert_true(session_init(
        s, "Digest realm=\"\\a \\\"realm\\\" \\\\x\", nonce=\"n\\\"\\0\", "
           "opaque=\"\\o\\\\\\\"\", qop=\"auth\""));
    const char *v = session_value(s);
    assert_has(v,
               "username=\"a\\\"b\\\\c\", realm=\"\\a \\\"realm\\\" \\\\x\", "
               "nonce=\"n\\\"\\0\", uri=");
    assert_has(v, ", opaque=\"\\o\\\\\\\"\"");
    assert_has(v, "response=\"d5f4f2ebf0045f1b3707658e2864c121\"");
    strcpy(s->user, "alice");
    assert_true(session_init(s, "Digest realm=\"a \\\"realm\\\" \\\\x\", "
                                "nonce=n, userhash=true"));
    v = session_value(s);
    assert_has(v, "username=\"05f6645c2f86ddad10957f0ce5b16e35\"");
    /* without quotes a backslash is itself: nothing to guess about */
    check_rank("Digest realm=DOM\\x, nonce=n", 0, A407_CAUSE_PROTOCOL);
    session_free(s);
}

/* Also what the parser of challenges would not hand on. */
static bool echoable(const struct a407_param *nonce)
{
    struct a407_challenge ch = {.params = {*nonce}, .n_params = 1};
    struct a407_digest_offer offer;
    enum a407_cause why;
    ch.params[0].name = a407_span_str("nonce");
    return a407_digest_read(&ch, &offer, &why);
}

TEST(echoable)
{
    static const struct {
        const char *text;
        bool quoted, bare;
    } row[] = {
        {"", true, true},         {"a b,c=d\xff\t", true, true},
        {"\\a\\\\", true, false}, {"a\\\"", true, false},
        {"a\"b", false, false}, /* would end the quoted-string */
        {"a\\", false, false},  /* would take its closing quote away */
        {"\\\\\\", false, false}, {"\x1f", false, false},
        {"\\\x7f", false, false}, {"a\r\n b", false, false},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct a407_param p = {.value = a407_span_str(row[i].text)};
        assert_int_equal(echoable(&p), row[i].bare);
        p.quoted = true;
        assert_int_equal(echoable(&p), row[i].quoted);
    }
    struct a407_param nul = {.value = {"a\0b", 3}, .quoted = true};
    assert_false(echoable(&nul));
}

/* A challenge whose realm, nonce and opaque have these lengths. */
static const char *of_lengths(size_t realm, size_t nonce, size_t opaque)
{
    static char ch[4 * A407_DIGEST_VALUE_MAX], v[A407_DIGEST_VALUE_MAX + 2];
    memset(v, 'v', sizeof v - 1);
    int n = snprintf(ch, sizeof ch,
                     "Digest realm=\"%.*s\", nonce=\"%.*s\", opaque=\"%.*s\"",
                     (int)realm, v, (int)nonce, v, (int)opaque, v);
    assert_in_range(n, 0, sizeof ch - 1);
    return ch;
}

/* Three values at their longest can be sent; one byte more is refused. */
TEST(length)
{
    const size_t max = A407_DIGEST_VALUE_MAX;
    check_rank(of_lengths(max + 1, 1, 1), 0, A407_CAUSE_PROTOCOL);
    check_rank(of_lengths(1, max + 1, 1), 0, A407_CAUSE_PROTOCOL);
    check_rank(of_lengths(1, 1, max + 1), 0, A407_CAUSE_PROTOCOL);
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, of_lengths(max, max, max)));
    assert_true(strlen(session_value(s)) < 8192);
    assert_true(session_init(s, BASE));
    char info[A407_DIGEST_VALUE_MAX + 30] = "nextnonce=\"";
    memset(info + 11, 'v', max + 1);
    strcpy(info + 11 + max + 1, "\"");
    session_info(s, info);
    const char *v = session_value(s);
    assert_has(v, "nonce=\"n\"");
    strcpy(info + 11 + max, "\"");
    session_info(s, info);
    v = session_value(s);
    assert_has(v, "nonce=\"vvvv");
    session_free(s);
}

/* What a value may hold when it is done: RFC 9110 section 5.5, quotes closed.
 */
static void check_value(const struct a407_buf *b)
{
    bool quoted = false, escaped = false;
    unsigned char last = 0;
    for (size_t i = 0; i < b->n; i++) {
        unsigned char c = (unsigned char)b->p[i];
        assert_true(c == '\t' || (c >= 0x20 && c != 0x7f));
        if (escaped)
            escaped = false;
        else if (quoted && c == '\\')
            escaped = true;
        else if (c == '"') {
            /* a quote opens after "=" only, and closes before "," or the end */
            assert_true(quoted || last == '=');
            quoted = !quoted;
            assert_true(quoted || i + 1 == b->n || b->p[i + 1] == ',');
        }
        last = c;
    }
    assert_false(quoted);
    assert_memory_equal(b->p, "Digest username=\"alice\", realm=\"", 32);
}

/* Every byte at every place of a challenge: an orderly value, or none. */
TEST(every_byte)
{
    static const char good[] =
        "Digest realm=\"r\\\"m\", nonce=nn, opaque=\"o\", qop=\"auth\", "
        "algorithm=MD5, stale=false";
    struct session *s = session_new(A407_DIGEST);
    size_t made = 0, refused = 0;
    for (size_t at = 6; at < sizeof good - 1; at++)
        for (int c = 0; c < 256; c++) {
            char text[sizeof good];
            memcpy(text, good, sizeof good);
            text[at] = (char)c;
            struct given *g = given_bytes(text, sizeof good - 1);
            for (size_t i = 0; i < g->list.n; i++) {
                struct a407_challenge *ch = &g->list.item[i];
                if (!a407_span_ieq(ch->scheme, "Digest") ||
                    !s->scheme->init(s->state, ch)) {
                    refused++;
                    continue;
                }
                a407_scheme_reply(s->scheme, s->state, ch, false);
                assert_int_equal(session_step(s), A407_STEP_DONE);
                check_value(&s->out);
                made++;
            }
            given_free(g);
        }
    assert_true(made > 10000 && refused > 100);
    session_free(s);
}

/* A challenge cut off anywhere, at the end of its memory. */
TEST(every_cut)
{
    static const char good[] =
        "Digest realm=\"r\\\"m\\\\\", nonce=\"n\\n\", opaque=\"\\o\", "
        "qop=\"auth-int, auth\", algorithm=\"SHA-256-sess\", userhash=true";
    struct session *s = session_new(A407_DIGEST);
    for (size_t n = 0; n < sizeof good; n++) {
        struct given *g = given_bytes(good, n);
        for (size_t i = 0; i < g->list.n; i++)
            if (s->scheme->rank(&g->list.item[i], &s->cred, &s->why) &&
                s->scheme->init(s->state, &g->list.item[i]))
                assert_int_equal(session_step(s), A407_STEP_DONE);
        given_free(g);
    }
    session_free(s);
}

/* The request's target can't break the field either. */
TEST(target)
{
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, BASE ", qop=\"auth\""));
    for (int c = 0; c < 256; c++) {
        char target[] = {'a', (char)c, 'b'};
        s->rq.target = a407_span(target, sizeof target);
        bool bad = c < 0x20 || c == 0x7f;
        assert_int_equal(session_step(s),
                         bad ? A407_STEP_FAIL : A407_STEP_DONE);
        if (bad)
            assert_int_equal(s->why, A407_CAUSE_PROTOCOL);
        else
            check_value(&s->out);
    }
    s->rq.target = a407_span_str("");
    assert_int_equal(session_step(s), A407_STEP_FAIL);
    s->rq.target = a407_span_str("http://x/?q=\"\\");
    const char *v = session_value(s);
    assert_has(v, "uri=\"http://x/?q=\\\"\\\\\"");
    session_free(s);
}

/* A value that does not fit leaves what was there, and isn't counted. */
TEST(too_long)
{
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, BASE ", opaque=o, algorithm=MD5, "
                                     "qop=\"auth\", userhash=true"));
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
    const char *v = session_value(s);
    assert_has(v, "nc=00000002");
    session_free(s);
}

/* A challenge that can't be used leaves the one before in place. */
TEST(init_keeps)
{
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, BASE ", qop=\"auth\""));
    session_value(s);
    assert_false(session_init(s, "Digest realm=\"r\", nonce=\"\x02\""));
    const char *v = session_value(s);
    assert_has(v, "nonce=\"n\"");
    assert_has(v, "nc=00000002");
    a407_scheme_wipe(s->scheme, s->state);
    const unsigned char *p = s->state;
    for (size_t i = 0; i < s->scheme->state_size; i++)
        assert_int_equal(p[i], 0);
    session_free(s);
}
