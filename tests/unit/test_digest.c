/* SPDX-License-Identifier: MIT */
/* Digest: RFC 7616, and RFC 2617 and 2069 where they differ. */
#include "auth_help.h"

#include "core/auth/digest.h"
#include "unit.h"

/* The response to a challenge with a cnonce that we did not make. */
static void check_vector(const char *challenge, const char *user,
                         const char *password, const char *method,
                         const char *uri, const char *cnonce,
                         const char *response)
{
    char hex[A407_DIGEST_HEX];
    struct session *s = session_new(A407_DIGEST);
    strcpy(s->user, user);
    strcpy(s->password, password);
    s->rq.method = a407_span_str(method);
    s->rq.target = a407_span_str(uri);
    assert_true(session_init(s, challenge));
    a407_digest_response(s->state, &s->cred, &s->rq, cnonce, 1, hex);
    assert_string_equal(hex, response);
    session_free(s);
}

/* RFC 7616 section 3.9.1: both algorithms. */
TEST(rfc7616_3_9_1)
{
    static const char *const one[][2] = {
        {"SHA-256", "753927fa0e85d155564e2e272a28d180"
                    "2ca10daf4496794697cf8db5856cb6c1"},
        {"MD5", "8ca523f5e9506fed4657c9700eebdbec"},
    };
    for (size_t i = 0; i < 2; i++) {
        char challenge[400];
        snprintf(challenge, sizeof challenge,
                 "Digest realm=\"http-auth@example.org\", "
                 "qop=\"auth, auth-int\", algorithm=%s, "
                 "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                 "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
                 one[i][0]);
        check_vector(challenge, "Mufasa", "Circle of Life", "GET",
                     "/dir/index.html",
                     "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", one[i][1]);
    }
}

#define RFC_3_9_2                                                              \
    "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, "  \
    "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", "                 \
    "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8"

/*
 * RFC 7616 section 3.9.2 with erratum 4897: the values that the RFC prints were
 * not made with the SHA-512/256 of FIPS 180-4 (4888... is SHA-512 cut off).
 */
TEST(rfc7616_3_9_2)
{
    static const char user[] = "J\xc3\xa4s\xc3\xb8n Doe";
    check_vector(RFC_3_9_2, user, "Secret, or not?", "GET", "/doe.json",
                 "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
                 "3798d4131c277846293534c3edc11bd8"
                 "a5e4cdcbff78b05db9d95eeb1cec68a5");
    struct session *s = session_new(A407_DIGEST);
    strcpy(s->user, user);
    assert_true(session_init(s, RFC_3_9_2 ", userhash=true"));
    const char *v = session_value(s);
    assert_has(v, "Digest username=\"793263caabb707a56211940d90411ea4"
                  "a575adeccb7e360aeb624ed06ece9b0b\", ");
    assert_has(v, ", userhash=true");
    assert_true(session_init(s, RFC_3_9_2 ", userhash=false"));
    v = session_value(s);
    assert_has(v, "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm=");
    assert_lacks(v, "userhash");
    session_free(s);
}

/* RFC 2617 section 3.5. */
TEST(rfc2617_3_5)
{
    check_vector("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
                 "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                 "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
                 "Mufasa", "Circle Of Life", "GET", "/dir/index.html",
                 "0a4f113b", "6629fae49393a05397450978507c4ef1");
}

/* RFC 2069 section 2.4 with erratum 749: no qop, so no nc and no cnonce. */
TEST(rfc2069)
{
    struct session *s = session_new(A407_DIGEST);
    strcpy(s->user, "Mufasa");
    strcpy(s->password, "CircleOfLife");
    s->rq.method = a407_span_str("GET");
    s->rq.target = a407_span_str("/dir/index.html");
    assert_true(session_init(s, "Digest realm=\"testrealm@host.com\", "
                                "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                                "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
    assert_string_equal(
        session_value(s),
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
        "uri=\"/dir/index.html\", "
        "response=\"1949323746fe6a43ef61f9606e7febea\", "
        "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
    session_free(s);
}

/*
 * Every algorithm with every qop. The hashes were computed with Python's
 * hashlib from the formulas of RFC 7616 section 3.4, for alice, "pa ss".
 */
static const struct {
    const char *algorithm, *auth, *auth_int, *none;
} table[] = {
    {"MD5", "2a760618c5063afa7e2e411bb5d7773e",
     "be459ce4a6939bd133dd850312ed2933", "0ffe8cea342879f427ef77a758a2f2fc"},
    {"MD5-sess", "91507c2d25054a880bac46ebf0b4f297",
     "80aa9543e9570090e1a1ca145df85e54", "a7faeb427bfabf26923c1a02240ae9dd"},
    {"SHA-256",
     "2b9732ac29ad325619a5de8b329017b6729d3cf21921c49ccfa8adf90004febe",
     "84b7fb8894ac0353c1ca63c24dafb741f68f011d73dbf267c2ff1f64cb40f85b",
     "465c8fc043a2893340ffbd7f0b9078af91d02df7b50c7601dfec9faa9d85a9f2"},
    {"SHA-256-sess",
     "3ab2bee2161c136386870a305337ab820e35d0b27ba8f29cdb9ac002bcace48d",
     "87fa788d41ce2c20db165fa1a31a053548aac9a427a373498ebf99f3d9e905e7",
     "dde9ced063fd93f4a9c0ec526155600f6a656a32d261c8eb1877f95e4e7194da"},
    {"SHA-512-256",
     "ca68fc5dce7186c8097975dac7edaf8b4d1bc9058df0326a82a01f52d9d3d0de",
     "bf2790f296520014dcc004c84bce43cf7eee0a9b4ea976174e500fc3aac31fa2",
     "921905248cfd42ca6cef8e4b08de989ab8be5738616d7bbacc7b3a158b98a4c6"},
    {"SHA-512-256-sess",
     "c9880259072d65ace78fd0a1db44c6e67d94d4617a509b92779c41ad09ca6b82",
     "4c9de985d716b2f0df1faa1d49b64baf29ee81a3be7451d2e86511a021df2731",
     "d652218df0f29d620cb5657f8e8740ad37bf404f4249499682f0896eff0cb08d"},
};
#define N_TABLE (sizeof table / sizeof *table)

#define HEAD                                                                   \
    "Digest username=\"alice\", realm=\"a realm\", nonce=\"n0nce\", uri="
#define CONNECT_HEAD HEAD "\"example.test:443\", "

TEST(auth)
{
    for (size_t i = 0; i < N_TABLE; i++) {
        char challenge[200], want[500];
        struct session *s = session_new(A407_DIGEST);
        snprintf(challenge, sizeof challenge,
                 "Digest realm=\"a realm\", nonce=\"n0nce\", algorithm=%s, "
                 "qop=\"auth-int,auth\"",
                 table[i].algorithm);
        assert_true(session_init(s, challenge));
        snprintf(want, sizeof want,
                 CONNECT_HEAD "cnonce=\"" CNONCE_1 "\", nc=00000001, qop=auth, "
                              "response=\"%s\", algorithm=%s",
                 table[i].auth, table[i].algorithm);
        assert_string_equal(session_value(s), want);
        session_free(s);
    }
}

/* RFC 7616 section 3.4.3: the content is part of A2. */
TEST(auth_int)
{
    for (size_t i = 0; i < N_TABLE; i++) {
        char challenge[200], want[500];
        struct session *s = session_new(A407_DIGEST);
        snprintf(challenge, sizeof challenge,
                 "Digest realm=\"a realm\", nonce=\"n0nce\", algorithm=\"%s\", "
                 "qop=auth-int",
                 table[i].algorithm);
        assert_true(session_init(s, challenge));
        s->rq.method = a407_span_str("POST");
        s->rq.target = a407_span_str("http://example.test/form");
        s->rq.body = a407_span(NULL, 0);
        assert_int_equal(session_step(s), A407_STEP_NEED_BODY);
        assert_int_equal(s->out.n, 0);
        /* what was asked in vain has not been counted */
        s->rq.body = a407_span_str("name=value");
        snprintf(want, sizeof want,
                 HEAD "\"http://example.test/form\", cnonce=\"" CNONCE_1
                      "\", nc=00000001, qop=auth-int, response=\"%s\", "
                      "algorithm=%s",
                 table[i].auth_int, table[i].algorithm);
        assert_string_equal(session_value(s), want);
        session_free(s);
    }
    /* CONNECT has no content: the hash of nothing */
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, "Digest realm=\"a realm\", nonce=n0nce, "
                                "qop=\"auth-int\", algorithm=sha-256"));
    const char *v = session_value(s);
    assert_has(v, "response=\"6d874d624a1b9cdde9f43f5e3a9062b4"
                  "54e85c7e893002d6391e13f1bb6cbcee\"");
    assert_has(v, ", algorithm=sha-256");
    session_free(s);
}

/* Without qop only -sess has a cnonce: its A1 can't do without. */
TEST(no_qop)
{
    for (size_t i = 0; i < N_TABLE; i++) {
        char challenge[200], want[500];
        struct session *s = session_new(A407_DIGEST);
        snprintf(challenge, sizeof challenge,
                 "Digest realm=\"a realm\", nonce=\"n0nce\", algorithm=%s",
                 table[i].algorithm);
        assert_true(session_init(s, challenge));
        const char *cnonce = strstr(table[i].algorithm, "-sess")
                                 ? "cnonce=\"" CNONCE_1 "\", "
                                 : "";
        snprintf(want, sizeof want,
                 CONNECT_HEAD "%sresponse=\"%s\", algorithm=%s", cnonce,
                 table[i].none, table[i].algorithm);
        assert_string_equal(session_value(s), want);
        session_free(s);
    }
}

/* RFC 7616 section 3.4: nc counts the requests made with one nonce. */
TEST(count)
{
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(
        s, "Digest realm=\"a realm\", nonce=\"n0nce\", qop=\"auth\""));
    const char *v = session_value(s);
    assert_has(v, "cnonce=\"" CNONCE_1 "\", nc=00000001");
    v = session_value(s);
    assert_has(v, "cnonce=\"" CNONCE_2 "\", nc=00000002");
    assert_has(v, "response=\"70bf263928108b0832fafca280d73a41\"");
    for (int i = 3; i < 0x11; i++)
        v = session_value(s);
    assert_has(v, "nc=00000010");
    /* the same nonce again: its count goes on */
    assert_true(session_init(
        s, "Digest realm=\"a realm\", nonce=\"n0nce\", qop=\"auth\""));
    v = session_value(s);
    assert_has(v, "nc=00000011");
    /* a new one: from the start */
    assert_true(session_init(
        s, "Digest realm=\"a realm\", nonce=\"n0ncE\", qop=\"auth\""));
    v = session_value(s);
    assert_has(v, "nc=00000001");
    session_free(s);
}

/* A -sess cnonce lasts as long as its nonce. */
TEST(session_cnonce)
{
    static const char challenge[] = "Digest realm=\"a realm\", "
                                    "nonce=\"n0nce\", algorithm=MD5-sess, "
                                    "qop=\"auth\"";
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, challenge));
    const char *v = session_value(s);
    assert_has(v, "cnonce=\"" CNONCE_1 "\", nc=00000001");
    v = session_value(s);
    assert_has(v, "cnonce=\"" CNONCE_1 "\", nc=00000002");
    assert_has(v, "response=\"1cd4aa2b76344997a1f47dae837d868c\"");
    session_info(s, "nextnonce=\"n3xt\"");
    v = session_value(s);
    assert_has(v, "nonce=\"n3xt\"");
    assert_has(v, "cnonce=\"" CNONCE_2 "\", nc=00000001");
    assert_has(v, "response=\"9112da8f10605774ef952c6d449498b6\"");
    /* a challenge starts a new session, even with the nonce of the last */
    assert_true(session_init(
        s, "Digest realm=\"a realm\", nonce=\"n3xt\", algorithm=MD5-sess, "
           "qop=\"auth\""));
    v = session_value(s);
    assert_has(v, "cnonce=\"" CNONCE_3 "\", nc=00000002");
    session_free(s);
}

/* nc has eight digits; a nonce that has used them up answers nothing. */
TEST(count_ends)
{
    struct session *s = session_new(A407_DIGEST);
    struct a407_digest_state *d = s->state;
    assert_true(session_init(s, "Digest realm=r, nonce=n, qop=\"auth\""));
    d->nc = UINT32_MAX - 1;
    const char *v = session_value(s);
    assert_has(v, "nc=ffffffff");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(session_step(s), A407_STEP_FAIL);
        assert_int_equal(s->why, A407_CAUSE_STALE);
        assert_int_equal(s->out.n, 0);
    }
    session_info(s, "nextnonce=\"m\"");
    v = session_value(s);
    assert_has(v, "nc=00000001");
    session_free(s);
}

/* RFC 7616 section 3.5. */
TEST(nextnonce)
{
    struct session *s = session_new(A407_DIGEST);
    session_info(s, "nextnonce=\"early\""); /* before any challenge */
    assert_true(session_init(
        s, "Digest realm=\"a realm\", nonce=\"n0nce\", qop=\"auth\""));
    session_value(s);
    session_info(s,
                 "nextnonce=\"n3xt\", qop=auth, rspauth=\"00\", nc=00000001");
    const char *v = session_value(s);
    assert_has(v, "nonce=\"n3xt\"");
    assert_has(v, "nc=00000001");
    assert_has(v, "response=\"ef33093722aef160f4165fb9e5b87f4a\"");
    /* nothing new: the count goes on */
    session_info(s, "nextnonce=\"n3xt\"");
    session_info(s, "qop=auth, rspauth=\"00\"");
    session_info(s, "");
    session_info(s, "nextnonce=\"\"");
    session_info(s, "nextnonce=\"a\x01z\"");
    session_info(s, "nextnonce=a\\z");
    v = session_value(s);
    assert_has(v, "nonce=\"n3xt\"");
    assert_has(v, "nc=00000002");
    session_free(s);
}

TEST(reply)
{
#define CH "Digest realm=\"a realm\", qop=\"auth\", "
    static const struct {
        const char *challenge;
        enum a407_reply fresh, old;
    } row[] = {
        {CH "nonce=\"n0nce\"", A407_REPLY_REJECTED, A407_REPLY_REJECTED},
        {CH "nonce=\"other\"", A407_REPLY_REJECTED, A407_REPLY_STALE},
        {CH "nonce=other, stale=false", A407_REPLY_REJECTED, A407_REPLY_STALE},
        {CH "nonce=\"n0nce\", stale=true", A407_REPLY_STALE, A407_REPLY_STALE},
        {CH "nonce=\"other\", stale=TRUE", A407_REPLY_STALE, A407_REPLY_STALE},
        {CH "nonce=other, Stale=\"True\"", A407_REPLY_STALE, A407_REPLY_STALE},
        {CH "nonce=n0nce, stale=trueish", A407_REPLY_REJECTED,
         A407_REPLY_REJECTED},
        {CH "nonce=n0nce, stale=\"\"", A407_REPLY_REJECTED,
         A407_REPLY_REJECTED},
        {"Digest realm=\"a realm\"", A407_REPLY_REJECTED, A407_REPLY_REJECTED},
    };
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, CH "nonce=\"n0nce\""));
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(session_reply(s, row[i].challenge, true),
                         row[i].fresh);
        assert_int_equal(session_reply(s, row[i].challenge, false), row[i].old);
    }
    assert_false(s->scheme->per_connection);
    session_free(s);
#undef CH
}

/* RFC 7616 section 3.4.4 and the username* of section 3.4. */
TEST(username)
{
#define CH                                                                     \
    "Digest realm=\"a realm\", nonce=\"n0nce\", qop=\"auth\", "                \
    "algorithm=SHA-256"
    struct session *s = session_new(A407_DIGEST);
    assert_true(session_init(s, CH ", userhash=TRUE"));
    const char *v = session_value(s);
    assert_has(v, "username=\"9c889d37df013acab9dc86eeda380f96"
                  "7a2365efe915648c45d537955ad5b715\"");
    /* the hash of A1 is still over the name itself */
    assert_has(v, "response=\"2b9732ac29ad325619a5de8b329017b6"
                  "729d3cf21921c49ccfa8adf90004febe\"");
    strcpy(s->user, "J\xc3\xa4s\xc3\xb8n Doe");
    strcpy(s->password, "geheim-\xc3\x9f");
    assert_true(session_restart(s, CH)); /* no charset: as it is */
    v = session_value(s);
    assert_has(v, "Digest username=\"J\xc3\xa4s\xc3\xb8n Doe\", ");
    assert_has(v, "response=\"e7b1f3849eec61d69900f572204be342"
                  "01567acb8fcbee069e39a007510ce59f\"");
    assert_true(session_restart(s, CH ", charset=\"utf-8\""));
    v = session_value(s);
    assert_has(v, "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ");
    assert_has(v, "response=\"e7b1f3849eec61d69900f572204be342"
                  "01567acb8fcbee069e39a007510ce59f\"");
    /* plain names stay plain: few servers know username* */
    strcpy(s->user, "DOM\\al \"x\"%'");
    v = session_value(s);
    assert_has(v, "Digest username=\"DOM\\\\al \\\"x\\\"%'\", ");
    strcpy(s->user, "!#$&+-.^_`|~ %'()*\"\xc3\x9f");
    v = session_value(s);
    assert_has(v, "Digest username*=UTF-8''!#$&+-.^_`|~"
                  "%20%25%27%28%29%2A%22%C3%9F, ");
    session_free(s);
#undef CH
}
