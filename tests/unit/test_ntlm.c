/* SPDX-License-Identifier: MIT */
/* The scheme NTLM: three legs, by its own name and within Negotiate (MS-NTHT
   section 3.1, RFC 4559, MS-SPNG). */
#include "ntlm_help.h"

#include "core/auth/spnego.h"
#include "unit.h"

#define TIMED INFO_NAMES INFO_TIME INFO_END

static struct session *new_session(void)
{
    struct session *s = session_new(A407_NTLM);
    s->rq.random = random_of_the_vectors;
    s->rq.now = 1055844000;
    strcpy(s->user, "Domain\\User");
    strcpy(s->password, "Password");
    return s;
}

/* The next value, decoded; it must be of that name and of that step. */
static struct a407_buf next(struct session *s, const char *name,
                            enum a407_step step)
{
    assert_int_equal(session_step(s), step);
    assert_int_equal(s->why, A407_CAUSE_NONE);
    assert_true(a407_buf_add(&s->out, "", 1));
    return decoded(s->out.p, name);
}

/* Shows the Type 2, which must be taken as the next leg. */
static void show(struct session *s, const char *name, const void *p, size_t n)
{
    const char *challenge = as_challenge(name, p, n);
    assert_int_equal(session_reply(s, challenge, true), A407_REPLY_CONTINUE);
    assert_true(session_init(s, challenge));
}

/* A whole handshake by the name NTLM; the Type 3. The caller frees it. */
static struct a407_buf handshake(struct session *s, const struct bytes *type2)
{
    assert_true(session_init(s, "NTLM"));
    struct a407_buf first = next(s, "NTLM", A407_STEP_LEG);
    a407_buf_free(&first);
    show(s, "NTLM", type2->p, type2->n);
    return next(s, "NTLM", A407_STEP_DONE);
}

TEST(description)
{
    const struct a407_scheme *s = a407_scheme_get(A407_NTLM);
    assert_non_null(s);
    assert_int_equal(s->id, A407_NTLM);
    assert_string_equal(s->token, "NTLM");
    assert_string_equal(s->also, "Negotiate");
    assert_true(s->per_connection);
    assert_false(s->unasked);
}

/* Its own name before the other, and what goes on before what begins. */
TEST(rank)
{
    struct session *s = new_session();
    unsigned begun = session_rank(s, "NTLM AAAA");
    unsigned begun_in = session_rank(s, "negotiate AAAA");
    unsigned own = session_rank(s, "ntlm"), in = session_rank(s, "Negotiate");
    assert_true(begun > begun_in && begun_in > own && own > in && in > 0);
    s->cred.password = NULL;
    assert_int_equal(session_rank(s, "NTLM"), 0);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    s->cred.password = s->password;
    s->password[0] = '\0'; /* an empty one is a password */
    assert_true(session_rank(s, "NTLM") > 0);
    s->user[0] = '\0'; /* but an empty name is nobody's */
    assert_int_equal(session_rank(s, "NTLM"), 0);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    s->cred.username = NULL;
    assert_int_equal(session_rank(s, "NTLM"), 0);
    assert_int_equal(s->why, A407_CAUSE_UNMET);
    session_free(s);
}

TEST(malformed_credential)
{
    static const char *const users[] = {"\xff", "Domain\\", "D\x80\\User"};
    struct session *s = new_session();
    assert_true(session_init(s, "NTLM"));
    for (size_t i = 0; i < 3; i++) {
        strcpy(s->user, users[i]);
        assert_int_equal(session_rank(s, "NTLM"), 0);
        assert_int_equal(s->why, A407_CAUSE_MALFORMED);
        assert_int_equal(session_step(s), A407_STEP_FAIL);
        assert_int_equal(s->why, A407_CAUSE_MALFORMED);
        assert_int_equal(s->out.n, 0);
    }
    strcpy(s->user, "User");
    strcpy(s->password, "\xc3");
    assert_int_equal(session_rank(s, "NTLM"), 0);
    assert_int_equal(s->why, A407_CAUSE_MALFORMED);
    strcpy(s->password, "x");
    s->cred.domain = (char[]){"\xed\xa0\x80"};
    assert_int_equal(session_rank(s, "NTLM"), 0);
    assert_int_equal(s->why, A407_CAUSE_MALFORMED);
    session_free(s);
}

/* The first leg holds no name; what its flags say, Windows says too. */
TEST(first_leg)
{
    struct session *s = new_session();
    assert_true(session_init(s, "NTLM"));
    struct a407_buf m = next(s, "NTLM", A407_STEP_LEG);
    assert_bytes(m.p, m.n,
                 "4e544c4d53535000 01000000 078208a2"
                 "0000000028000000 0000000028000000 000000000000000f");
    a407_buf_free(&m);
    session_free(s);
}

/* MS-NLMP section 4.2.4, as far as the flags of HTTP allow. */
TEST(last_leg)
{
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, INFO_NAMES INFO_END);
    struct a407_buf m = handshake(s, &ch);
    assert_bytes(field_of(&m, F_DOMAIN).p, 12, "44006f006d00610069006e00");
    assert_bytes(field_of(&m, F_USER).p, 8, "5500730065007200");
    assert_bytes(field_of(&m, F_LM).p, 24,
                 "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
    assert_int_equal(number32(m.p + F_FLAGS),
                     USUAL_FLAGS | A407_NTLM_TARGET_INFO);
    a407_buf_free(&m);
    session_free(s);
}

static void check_names(struct session *s, const char *user, const char *domain)
{
    /* in the OEM set, so that they can be compared as they are */
    struct bytes ch =
        type2_of((USUAL_FLAGS & ~A407_NTLM_UNICODE) | A407_NTLM_OEM, "");
    struct a407_buf m = handshake(s, &ch);
    assert_span(field_of(&m, F_USER), user);
    assert_span(field_of(&m, F_DOMAIN), domain);
    a407_buf_free(&m);
}

/* Where the domain comes from: the setting, DOMAIN\user, or nowhere. */
TEST(names)
{
    struct session *s = new_session();
    char domain[] = "CORP", none[] = "";
    check_names(s, "User", "Domain");
    s->cred.domain = none;
    check_names(s, "User", "Domain");
    s->cred.domain = domain;
    check_names(s, "User", "CORP");
    strcpy(s->user, "alice");
    check_names(s, "alice", "CORP");
    strcpy(s->user, "alice@corp.example");
    check_names(s, "alice@corp.example", "CORP");
    s->cred.domain = NULL;
    check_names(s, "alice@corp.example", "");
    strcpy(s->user, "alice");
    check_names(s, "alice", "");
    strcpy(s->user, "\\alice");
    check_names(s, "alice", "");
    session_free(s);
}

/* The service's name is told to servers that want a MIC. */
TEST(proxy_host)
{
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    s->rq.proxy_host = a407_span_str("p.de");
    struct a407_buf m = handshake(s, &ch);
    struct a407_span nt = field_of(&m, F_NT);
    struct bytes want = hex("09001200480054005400500"
                            "02f0070002e00640065 00"
                            "00000000 00000000");
    assert_true(nt.n > want.n);
    assert_memory_equal(nt.p + nt.n - want.n, want.p, want.n);
    a407_buf_free(&m);
    session_free(s);
}

/* NTLMv1 is answered only where it is allowed. */
TEST(version_1)
{
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    s->rq.ntlm_v1 = true;
    struct a407_buf m = handshake(s, &ch);
    assert_bytes(field_of(&m, F_NT).p, field_of(&m, F_NT).n,
                 "7537f803ae367128ca458204bde7caf81e97ed2683267232");
    a407_buf_free(&m);
    s->rq.ntlm_v1 = false;
    m = handshake(s, &ch);
    assert_true(field_of(&m, F_NT).n > 100);
    a407_buf_free(&m);
    session_free(s);
}

/* A challenge is an answer to what was sent before, or it is not. */
TEST(reply)
{
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    const char *type2 = as_challenge("NTLM", ch.p, ch.n);
    assert_true(session_init(s, "NTLM"));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    for (int fresh = 0; fresh < 2; fresh++) {
        assert_int_equal(session_reply(s, type2, fresh), A407_REPLY_CONTINUE);
        assert_int_equal(session_reply(s, "NTLM", fresh), A407_REPLY_RESTART);
        assert_int_equal(session_reply(s, "Negotiate", fresh),
                         A407_REPLY_RESTART);
        assert_int_equal(session_reply(s, "Negotiate AAAA", fresh),
                         A407_REPLY_RESTART);
    }
    assert_true(session_init(s, type2));
    assert_int_equal(session_step(s), A407_STEP_DONE);
    for (int fresh = 0; fresh < 2; fresh++) {
        assert_int_equal(session_reply(s, type2, fresh), A407_REPLY_REJECTED);
        assert_int_equal(session_reply(s, "NTLM", fresh), A407_REPLY_REJECTED);
    }
    session_free(s);
}

/* The proxy begins again after the Type 1, or after a whole handshake. */
TEST(restart)
{
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    assert_true(session_init(s, "NTLM"));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    assert_true(session_init(s, "NTLM"));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    show(s, "NTLM", ch.p, ch.n);
    assert_int_equal(session_step(s), A407_STEP_DONE);
    struct a407_buf m = handshake(s, &ch);
    a407_buf_free(&m);
    /* without a new challenge too: on another connection */
    assert_int_equal(session_step(s), A407_STEP_LEG);
    assert_int_equal(session_step(s), A407_STEP_LEG);
    /* a token where none can be due begins like a bare challenge */
    a407_scheme_wipe(s->scheme, s->state);
    assert_true(session_init(s, as_challenge("NTLM", ch.p, ch.n)));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    session_free(s);
}

/* A Type 2 that can't be read; each cut of one that can. */
TEST(bad_challenge)
{
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    for (size_t n = 1; n < ch.n; n++) {
        assert_true(session_init(s, "NTLM"));
        assert_int_equal(session_step(s), A407_STEP_LEG);
        bool ok = session_init(s, as_challenge("NTLM", ch.p, n));
        assert_int_equal(ok, n >= 32 && n < 48);
    }
    static const char *const bad[] = {"NTLM !!!!", "NTLM A", "NTLM AAAAA",
                                      "NTLM AAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_true(session_init(s, "NTLM"));
        assert_int_equal(session_step(s), A407_STEP_LEG);
        struct given *g = given(bad[i]);
        if (g->list.n == 1 && g->list.item[0].token68.p)
            assert_false(s->scheme->init(s->state, &g->list.item[0]));
        given_free(g);
    }
    session_free(s);
}

TEST(huge_challenge)
{
    struct session *s = new_session();
    static char big[40000];
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    memcpy(big, ch.p, ch.n);
    assert_true(session_init(s, "NTLM"));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    assert_false(session_init(s, as_challenge("NTLM", big, sizeof big)));
    assert_false(
        session_init(s, as_challenge("NTLM", big, A407_NTLM_MESSAGE_MAX + 1)));
    assert_true(
        session_init(s, as_challenge("NTLM", big, A407_NTLM_MESSAGE_MAX)));
    assert_int_equal(session_step(s), A407_STEP_DONE);
    session_free(s);
}

/* The largest target info that is believed fits into an answer. */
TEST(large_target_info)
{
    struct session *s = new_session();
    static char big[A407_NTLM_MESSAGE_MAX];
    struct bytes ch = type2_of(USUAL_FLAGS, INFO_TIME INFO_END);
    memcpy(big, ch.p, 56);
    size_t n = sizeof big - 56;
    big[40] = (char)n;
    big[41] = (char)(n >> 8);
    memcpy(big + 56, hex(INFO_TIME).p, 12);
    big[68] = 1; /* one long pair */
    big[70] = (char)(n - 20);
    big[71] = (char)((n - 20) >> 8);
    assert_true(session_init(s, "NTLM"));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    assert_true(session_init(s, as_challenge("NTLM", big, sizeof big)));
    struct a407_buf m = next(s, "NTLM", A407_STEP_DONE);
    assert_true(m.n > sizeof big);
    assert_true(s->out.n < 48 * 1024);
    a407_buf_free(&m);
    session_free(s);
}

/* A value that does not fit leaves nothing behind, and can be had again. */
TEST(no_room)
{
    struct session *s = new_session();
    assert_true(session_init(s, "NTLM"));
    s->out.max = 20;
    assert_int_equal(session_step(s), A407_STEP_FAIL);
    assert_int_equal(s->why, A407_CAUSE_PROTOCOL);
    assert_int_equal(s->out.n, 0);
    s->out.max = 65536;
    assert_int_equal(session_step(s), A407_STEP_LEG);
    session_free(s);
}

/* The proxy asks for the OEM set, which can't say the name. */
TEST(oem_name)
{
    struct session *s = new_session();
    struct bytes ch =
        type2_of((USUAL_FLAGS & ~A407_NTLM_UNICODE) | A407_NTLM_OEM, "");
    strcpy(s->user, "D\\J\xc3\xa4n");
    assert_true(session_init(s, "NTLM"));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    assert_true(session_init(s, as_challenge("NTLM", ch.p, ch.n)));
    assert_int_equal(session_step(s), A407_STEP_FAIL);
    assert_int_equal(s->why, A407_CAUSE_MALFORMED);
    assert_int_equal(s->out.n, 0);
    session_free(s);
}

/* A server's NegTokenResp round a message. */
static struct a407_buf wrapped(const struct bytes *m)
{
    struct a407_buf out;
    struct bytes head = hex("a0030a0101 a10c060a2b06010401823702020a");
    a407_buf_init(&out, 65536);
    a407_buf_add(&out, head.p, head.n);
    a407_buf_add(&out, m->p, m->n);
    a407_der_wrap(&out, head.n, 0x04);
    a407_der_wrap(&out, head.n, 0xa2);
    a407_der_wrap(&out, 0, 0x30);
    assert_true(a407_der_wrap(&out, 0, 0xa1));
    return out;
}

static void begin_negotiate(struct session *s)
{
    assert_true(session_init(s, "Negotiate"));
    struct a407_buf m = next(s, "Negotiate", A407_STEP_LEG);
    assert_bytes(m.p, m.n,
                 "6048 06062b0601050502 a03e 303c a00e 300c 060a"
                 "2b06010401823702020a a22a 0428"
                 "4e544c4d53535000 01000000 178208e2"
                 "0000000028000000 0000000028000000 000000000000000f");
    a407_buf_free(&m);
}

/*
 * Within SPNEGO: the Type 3 in a NegTokenResp, and the list of mechanisms
 * signed with the session key, which the vectors' random bytes make known.
 */
TEST(negotiate)
{
    struct session *s = new_session();
    uint32_t flags = USUAL_FLAGS | A407_NTLM_SIGN | A407_NTLM_KEY_EXCH;
    struct bytes ch = type2_of(flags, TIMED);
    struct a407_buf token = wrapped(&ch);
    struct a407_spnego_response r;
    begin_negotiate(s);
    show(s, "Negotiate", token.p, token.n);
    struct a407_buf m = next(s, "Negotiate", A407_STEP_DONE);
    assert_true(a407_spnego_read_response(a407_span(m.p, m.n), &r));
    assert_int_equal(r.state, A407_SPNEGO_INCOMPLETE);
    assert_true(a407_ntlm_is(r.token, 3));
    assert_int_equal(number32(r.token.p + F_FLAGS),
                     flags | A407_NTLM_TARGET_INFO);
    struct a407_ntlm_signer signer;
    uint8_t mic[16];
    a407_ntlm_signer_init(&signer, A407_NTLM_CLIENT, flags,
                          hex("55555555555555555555555555555555").p);
    a407_ntlm_sign(&signer, a407_spnego_mechs(), mic);
    assert_int_equal(r.mic.n, 16);
    assert_memory_equal(r.mic.p, mic, 16);
    a407_buf_free(&m);
    a407_buf_free(&token);
    session_free(s);
}

/* "Negotiate" and a last NegTokenResp, with that signature or without. */
static enum a407_mutual proved(struct session *s, const uint8_t *mic, size_t n)
{
    struct bytes m = hex(n ? "a11b3019 a003 0a0100 a312 0410"
                           : "a107 3005 a003"
                             "0a0100");
    memcpy(m.p + m.n, mic, n);
    struct given *g = given(as_challenge("Negotiate", m.p, m.n + n));
    enum a407_mutual got = s->scheme->prove(s->state, &g->list.item[0]);
    given_free(g);
    return got;
}

/* What the accepted answer proves (RFC 4178 section 5): the list of mechanisms,
   signed with the server's keys. */
TEST(proof)
{
    struct session *s = new_session();
    uint32_t flags = USUAL_FLAGS | A407_NTLM_SIGN | A407_NTLM_KEY_EXCH;
    struct bytes ch = type2_of(flags, TIMED);
    struct a407_buf token = wrapped(&ch);
    struct a407_ntlm_signer signer;
    uint8_t mic[16];
    a407_ntlm_signer_init(&signer, A407_NTLM_SERVER, flags,
                          hex("55555555555555555555555555555555").p);
    a407_ntlm_sign(&signer, a407_spnego_mechs(), mic);
    begin_negotiate(s);
    assert_int_equal(proved(s, mic, 16), A407_MUTUAL_ABSENT); /* too soon */
    show(s, "Negotiate", token.p, token.n);
    struct a407_buf m = next(s, "Negotiate", A407_STEP_DONE);
    assert_int_equal(proved(s, mic, 16), A407_MUTUAL_VERIFIED);
    assert_int_equal(proved(s, mic, 0), A407_MUTUAL_ABSENT);
    mic[4] ^= 1;
    assert_int_equal(proved(s, mic, 16), A407_MUTUAL_FAILED);
    a407_ntlm_signer_init(&signer, A407_NTLM_CLIENT, flags,
                          hex("55555555555555555555555555555555").p);
    a407_ntlm_sign(&signer, a407_spnego_mechs(), mic); /* our own, back again */
    assert_int_equal(proved(s, mic, 16), A407_MUTUAL_FAILED);
    a407_buf_free(&m);
    a407_buf_free(&token);
    session_free(s);
}

/* Without a MIC in the Type 3, or the means to sign, there is none outside. */
TEST(negotiate_unsigned)
{
    struct session *s = new_session();
    struct bytes ch[3] = {
        type2_of(USUAL_FLAGS | A407_NTLM_SIGN, INFO_NAMES INFO_END),
        type2_of(USUAL_FLAGS, TIMED),
        type2_of((USUAL_FLAGS | A407_NTLM_SIGN) & ~A407_NTLM_ESS, TIMED)};
    for (size_t i = 0; i < 3; i++) {
        struct a407_buf token = wrapped(&ch[i]);
        struct a407_spnego_response r;
        begin_negotiate(s);
        show(s, "Negotiate", token.p, token.n);
        struct a407_buf m = next(s, "Negotiate", A407_STEP_DONE);
        assert_true(a407_spnego_read_response(a407_span(m.p, m.n), &r));
        assert_true(a407_ntlm_is(r.token, 3));
        assert_null(r.mic.p);
        a407_buf_free(&m);
        a407_buf_free(&token);
    }
    session_free(s);
}

/* Some servers answer SPNEGO with NTLM itself; they get the same back. */
TEST(negotiate_plain)
{
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    begin_negotiate(s);
    show(s, "Negotiate", ch.p, ch.n);
    struct a407_buf m = next(s, "Negotiate", A407_STEP_DONE);
    assert_true(a407_ntlm_is(a407_span(m.p, m.n), 3));
    a407_buf_free(&m);
    /* by the name NTLM an envelope is no Type 2 */
    struct a407_buf token = wrapped(&ch);
    assert_true(session_init(s, "NTLM"));
    assert_int_equal(session_step(s), A407_STEP_LEG);
    assert_false(session_init(s, as_challenge("NTLM", token.p, token.n)));
    a407_buf_free(&token);
    session_free(s);
}

/* Refusals, other mechanisms, nothing to go on with; and each cut. */
TEST(negotiate_bad)
{
    static const char *const bad[] = {
        "a107 3005 a003 0a0102", "a107 3005 a003 0a0101",
        "a114 3012 a003 0a0103 a10b 0609 2a864886f712010202",
        "a116 3014 a10b 0609 2a864886f712010202 a205 0403 4e544c", "a1023000"};
    struct session *s = new_session();
    struct bytes ch = type2_of(USUAL_FLAGS, TIMED);
    struct a407_buf token = wrapped(&ch);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bytes b = hex(bad[i]);
        begin_negotiate(s);
        assert_false(session_init(s, as_challenge("Negotiate", b.p, b.n)));
    }
    for (size_t n = 1; n < token.n; n++) {
        begin_negotiate(s);
        assert_false(session_init(s, as_challenge("Negotiate", token.p, n)));
    }
    a407_buf_free(&token);
    session_free(s);
}
