/* SPDX-License-Identifier: MIT */
/* NTLM's messages: MS-NLMP sections 2.2.1 and 3.1.5.1.2. */
#include "ntlm_help.h"
#include "unit.h"

#include <nettle/hmac.h>

static struct a407_span text(const char *z)
{
    return a407_span_str(z);
}

TEST(negotiate)
{
    struct a407_buf out;
    a407_buf_init(&out, 64);
    assert_true(a407_ntlm_write_negotiate(&out, USUAL_FLAGS));
    assert_bytes(out.p, out.n,
                 "4e544c4d53535000 01000000 058208a2"
                 "0000000028000000 0000000028000000 000000000000000f");
    a407_buf_clear(&out);
    assert_true(a407_ntlm_write_negotiate(&out, A407_NTLM_OEM));
    assert_int_equal(out.n, 40);
    assert_int_equal(out.p[39], 0); /* no Version, no revision */
    a407_buf_free(&out);
}

/* Reads a Type 2 from memory of exactly its size, which it gives away. */
static bool read_exact(const struct bytes *m, size_t n, char **copy,
                       struct a407_ntlm_challenge *ch)
{
    *copy = exact((const char *)m->p, n);
    return a407_ntlm_read_challenge(a407_span(*copy, n), ch);
}

static bool readable(const struct bytes *m)
{
    struct a407_ntlm_challenge ch;
    char *copy;
    bool ok = read_exact(m, m->n, &copy, &ch);
    free(copy);
    return ok;
}

TEST(challenge)
{
    struct bytes m = type2_of(USUAL_FLAGS, INFO_NAMES INFO_TIME INFO_END);
    struct a407_ntlm_challenge ch;
    char *copy;
    assert_true(read_exact(&m, m.n, &copy, &ch));
    assert_int_equal(ch.flags, USUAL_FLAGS | A407_NTLM_TARGET_INFO);
    assert_bytes(ch.nonce, 8, SERVER_NONCE);
    assert_bytes(ch.target_info.p, ch.target_info.n,
                 INFO_NAMES INFO_TIME INFO_END);
    assert_true(ch.timed);
    assert_bytes(ch.time, 8, "0102030405060708");
    free(copy);
}

/* Each cut is refused, but those of a message without target info, which some
   end after the nonce. */
TEST(challenge_cut)
{
    struct bytes with = type2_of(USUAL_FLAGS, INFO_NAMES INFO_TIME INFO_END);
    struct bytes without = type2_of(USUAL_FLAGS, "");
    struct a407_ntlm_challenge ch;
    char *copy;
    for (size_t n = 0; n <= with.n; n++) {
        bool ok = read_exact(&with, n, &copy, &ch);
        assert_int_equal(ok, n == with.n || (n >= 32 && n < 48));
        free(copy);
    }
    for (size_t n = 0; n <= without.n; n++) {
        assert_int_equal(read_exact(&without, n, &copy, &ch), n >= 32);
        free(copy);
    }
}

/* Each byte set to 00, 7f, 80 and ff: nothing is read outside. */
TEST(challenge_changed)
{
    static const uint8_t values[] = {0, 0x7f, 0x80, 0xff};
    struct bytes m = type2_of(USUAL_FLAGS, INFO_NAMES INFO_TIME INFO_END);
    for (size_t i = 0; i < m.n; i++)
        for (size_t k = 0; k < sizeof values; k++) {
            struct bytes changed = m;
            struct a407_ntlm_challenge ch;
            char *copy;
            changed.p[i] = values[k];
            if (read_exact(&changed, m.n, &copy, &ch) && ch.target_info.p)
                assert_true(ch.target_info.p >= copy &&
                            ch.target_info.p + ch.target_info.n <= copy + m.n);
            free(copy);
        }
}

TEST(challenge_bad)
{
    struct bytes m = type2_of(USUAL_FLAGS, INFO_NAMES INFO_END), bad;
    assert_true(readable(&m));
    bad = m, bad.p[0] = 'n';
    assert_false(readable(&bad));
    bad = m, bad.p[8] = 3;
    assert_false(readable(&bad));
    bad = m, bad.p[44]++; /* the offset of target info */
    assert_false(readable(&bad));
    bad = m, bad.p[47] = 0xff;
    assert_false(readable(&bad));
    /* the flag without room for the field, or with an empty one: none */
    bad = m, bad.p[40] = 0;
    assert_true(readable(&bad));
    /* bytes in the field, but no flag: not target info, whatever they are */
    bad = m, bad.p[47] = 0xff, bad.p[22] &= 0x7f;
    assert_true(readable(&bad));
    /* a pair that is longer than the list; a time of other than 8 bytes */
    m = type2_of(USUAL_FLAGS, "02000500"
                              "41004200");
    assert_false(readable(&m));
    m = type2_of(USUAL_FLAGS, "0200");
    assert_false(readable(&m));
    m = type2_of(USUAL_FLAGS, "07000400"
                              "01020304" INFO_END);
    assert_false(readable(&m));
    /* no end of list: met, and read as one that ends where its bytes do */
    m = type2_of(USUAL_FLAGS, INFO_NAMES);
    assert_true(readable(&m));
    /* what follows the end is nobody's */
    m = type2_of(USUAL_FLAGS, INFO_NAMES INFO_END "0200ffff");
    assert_true(readable(&m));
    struct a407_ntlm_challenge ch;
    char *big = calloc(1, A407_NTLM_MESSAGE_MAX + 1);
    assert_non_null(big);
    memcpy(big, m.p, m.n);
    assert_true(
        a407_ntlm_read_challenge(a407_span(big, A407_NTLM_MESSAGE_MAX), &ch));
    assert_false(a407_ntlm_read_challenge(
        a407_span(big, A407_NTLM_MESSAGE_MAX + 1), &ch));
    free(big);
}

/* A login, and what came of it. */
struct login {
    struct a407_ntlm_login in;
    struct a407_ntlm_result result;
    struct a407_buf out;
    enum a407_cause why;
};

static struct login *login_new(void)
{
    struct login *l = calloc(1, sizeof *l);
    assert_non_null(l);
    l->in = (struct a407_ntlm_login){
        .user = text("User"),
        .password = text("Password"),
        .domain = text("Domain"),
        .workstation = text("COMPUTER"),
        .flags = USUAL_FLAGS | A407_NTLM_OEM,
        .now = 1055844000,
        .random = random_of_the_vectors,
    };
    a407_buf_init(&l->out, 65536);
    return l;
}

static bool answer(struct login *l, const struct bytes *challenge)
{
    char *copy = exact((const char *)challenge->p, challenge->n);
    a407_buf_clear(&l->out);
    bool ok = a407_ntlm_write_authenticate(
        &l->out, &l->in, a407_span(copy, challenge->n), &l->result, &l->why);
    assert_true(ok || l->out.n == 0);
    free(copy);
    return ok;
}

static void login_free(struct login *l)
{
    a407_buf_free(&l->out);
    free(l);
}

/* The pairs that are sent back, without the rest of the response. */
static struct a407_span pairs_of(const struct login *l)
{
    struct a407_span nt = field_of(&l->out, F_NT);
    assert_true(nt.n >= 48);
    return a407_span(nt.p + 44, nt.n - 48);
}

/* No time: the server's pairs as they are, the time of our clock, and LMv2. */
TEST(untimed)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS, INFO_NAMES INFO_END);
    l->in.host = text("proxy.test");
    assert_true(answer(l, &ch));
    assert_false(l->result.mic);
    assert_bytes(pairs_of(l).p, pairs_of(l).n, INFO_NAMES INFO_END);
    assert_bytes(field_of(&l->out, F_NT).p + 24, 8, "0090d336b734c301");
    assert_bytes(field_of(&l->out, F_LM).p, 24,
                 "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
    assert_int_equal(number32(l->out.p + F_DOMAIN + 4), 72);
    login_free(l);
}

/* No target info at all: an empty list. */
TEST(no_target_info)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS, "");
    assert_true(answer(l, &ch));
    struct a407_span nt = field_of(&l->out, F_NT);
    assert_bytes(nt.p + 16, nt.n - 16,
                 "01010000000000000090d336b734c301aaaaaaaaaaaaaaaa"
                 "0000000000000000");
    assert_int_equal(number32(l->out.p + F_FLAGS), USUAL_FLAGS);
    ch.n = 32; /* from a server of old */
    assert_true(answer(l, &ch));
    login_free(l);
}

/* The MIC as MS-NLMP section 3.1.5.1.2 has it, computed once more. */
static void check_mic(const struct login *l, const struct bytes *challenge,
                      const uint8_t *session_key)
{
    struct hmac_md5_ctx ctx;
    struct a407_buf first;
    uint8_t mic[16];
    a407_buf_init(&first, 64);
    assert_true(a407_ntlm_write_negotiate(&first, l->in.flags));
    hmac_md5_set_key(&ctx, 16, session_key);
    hmac_md5_update(&ctx, first.n, (uint8_t *)first.p);
    hmac_md5_update(&ctx, challenge->n, challenge->p);
    hmac_md5_update(&ctx, 72, (uint8_t *)l->out.p);
    hmac_md5_update(&ctx, 16, (const uint8_t[16]){0});
    hmac_md5_update(&ctx, l->out.n - 88, (uint8_t *)l->out.p + 88);
    hmac_md5_digest(&ctx, 16, mic);
    assert_memory_equal(l->out.p + 72, mic, 16);
    a407_buf_free(&first);
}

/* With a time: the MIC and its flag, bindings, the service, and no LMv2. */
TEST(timed)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS, INFO_NAMES INFO_TIME INFO_END);
    assert_true(answer(l, &ch));
    assert_true(l->result.mic);
    assert_bytes(pairs_of(l).p, pairs_of(l).n,
                 INFO_NAMES INFO_TIME
                 "0600040002000000"
                 "0a00100000000000000000000000000000000000" INFO_END);
    assert_bytes(field_of(&l->out, F_NT).p + 24, 8, "0102030405060708");
    assert_bytes(field_of(&l->out, F_LM).p, 24,
                 "000000000000000000000000000000000000000000000000");
    assert_int_equal(number32(l->out.p + F_DOMAIN + 4), 88);
    assert_int_equal(field_of(&l->out, F_KEY).n, 0);
    /* no key exchange: the session key is that of the response */
    struct bytes key = hex("0c868a403bfd7a93a3001ef22ef02e3f");
    struct hmac_md5_ctx ctx;
    uint8_t session[16];
    hmac_md5_set_key(&ctx, 16, key.p);
    hmac_md5_update(&ctx, 16, (uint8_t *)field_of(&l->out, F_NT).p);
    hmac_md5_digest(&ctx, 16, session);
    assert_memory_equal(l->result.session_key, session, 16);
    check_mic(l, &ch, session);

    l->in.host = text("p.de");
    assert_true(answer(l, &ch));
    assert_bytes(pairs_of(l).p, pairs_of(l).n,
                 INFO_NAMES INFO_TIME "0600040002000000"
                                      "0a00100000000000000000000000000000000000"
                                      "09001200480054005400500"
                                      "02f0070002e0064006500" INFO_END);
    login_free(l);
}

/* Pairs that the server had no business to send are replaced; its flags kept.
 */
TEST(pairs_replaced)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS, "06000400"
                                            "01000000"
                                            "09000200"
                                            "4100"
                                            "0a000400"
                                            "01020304"
                                            "c8000200"
                                            "5a00" INFO_TIME INFO_END);
    assert_true(answer(l, &ch));
    assert_bytes(pairs_of(l).p, pairs_of(l).n,
                 "c80002005a00" INFO_TIME "0600040003000000"
                 "0a00100000000000000000000000000000000000" INFO_END);
    login_free(l);
}

/* Key exchange: a random key, under RC4; the MIC is made with that one. */
TEST(key_exchange)
{
    struct login *l = login_new();
    uint32_t flags = USUAL_FLAGS | A407_NTLM_SIGN | A407_NTLM_KEY_EXCH;
    struct bytes ch = type2_of(flags, INFO_NAMES INFO_TIME INFO_END);
    l->in.flags |= flags;
    assert_true(answer(l, &ch));
    assert_int_equal(field_of(&l->out, F_KEY).n, 16);
    assert_bytes(l->result.session_key, 16, "55555555555555555555555555555555");
    check_mic(l, &ch, l->result.session_key);
    assert_int_equal(number32(l->out.p + F_FLAGS),
                     flags | A407_NTLM_TARGET_INFO);
    login_free(l);
}

/* Where the server drops what a key would sign, none is exchanged: it would
   take the other one (MS-NLMP section 3.1.5.1.2). */
TEST(nothing_to_sign)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS | A407_NTLM_KEY_EXCH,
                               INFO_NAMES INFO_TIME INFO_END);
    l->in.flags |= A407_NTLM_SIGN | A407_NTLM_KEY_EXCH;
    assert_true(answer(l, &ch));
    assert_int_equal(field_of(&l->out, F_KEY).n, 0);
    assert_int_equal(number32(l->out.p + F_FLAGS),
                     USUAL_FLAGS | A407_NTLM_TARGET_INFO);
    check_mic(l, &ch, l->result.session_key);
    login_free(l);
}

/* What only one side asked for is not agreed on. */
TEST(flags)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(~0u, INFO_NAMES INFO_END);
    assert_true(answer(l, &ch));
    assert_int_equal(number32(l->out.p + F_FLAGS),
                     USUAL_FLAGS | A407_NTLM_TARGET_INFO);
    assert_int_equal(field_of(&l->out, F_KEY).n, 0);
    assert_int_equal(l->out.p[71], 15);
    ch = type2_of(A407_NTLM_UNICODE | A407_NTLM_NTLM, "");
    assert_true(answer(l, &ch));
    assert_int_equal(number32(l->out.p + F_FLAGS),
                     A407_NTLM_UNICODE | A407_NTLM_NTLM);
    assert_bytes(l->out.p + 64, 8, "0000000000000000");
    login_free(l);
}

TEST(texts)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS | A407_NTLM_OEM, "");
    struct bytes oem =
        type2_of((USUAL_FLAGS & ~A407_NTLM_UNICODE) | A407_NTLM_OEM, "");
    l->in.user = text("J\xc3\xa4n");
    assert_true(answer(l, &ch));
    assert_bytes(field_of(&l->out, F_USER).p, 6, "4a00e4006e00");
    assert_bytes(field_of(&l->out, F_DOMAIN).p, 4, "44006f00");
    assert_int_equal(field_of(&l->out, F_WORKSTATION).n, 16);
    /* which OEM character set, only the server knows */
    assert_false(answer(l, &oem));
    assert_int_equal(l->why, A407_CAUSE_MALFORMED);
    l->in.user = text("User");
    l->in.password = text("p\xc3\xa4ss"); /* only hashed, as UTF-16 */
    assert_true(answer(l, &oem));
    assert_span(field_of(&l->out, F_USER), "User");
    assert_span(field_of(&l->out, F_DOMAIN), "Domain");
    assert_span(field_of(&l->out, F_WORKSTATION), "COMPUTER");
    assert_int_equal(number32(l->out.p + F_FLAGS) & 3, A407_NTLM_OEM);
    l->in.domain = text("");
    assert_true(answer(l, &ch));
    assert_int_equal(field_of(&l->out, F_DOMAIN).n, 0);
    l->in.domain = text("\xff");
    assert_false(answer(l, &ch));
    assert_int_equal(l->why, A407_CAUSE_MALFORMED);
    login_free(l);
}

/* Too long for a field of 16 bits, or for the buffer that is to hold it. */
TEST(too_long)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS, "");
    char *name = malloc(40000);
    assert_non_null(name);
    memset(name, 'a', 40000);
    l->in.user = a407_span(name, 40000);
    assert_false(answer(l, &ch));
    assert_int_equal(l->why, A407_CAUSE_PROTOCOL);
    l->in.user = text("User");
    a407_buf_free(&l->out);
    a407_buf_init(&l->out, 100);
    assert_false(answer(l, &ch));
    assert_int_equal(l->why, A407_CAUSE_PROTOCOL);
    free(name);
    login_free(l);
}

/* A Type 2 that can't be read is not answered. */
TEST(unreadable)
{
    struct login *l = login_new();
    struct bytes ch = type2_of(USUAL_FLAGS, "0200ffff");
    assert_false(answer(l, &ch));
    assert_int_equal(l->why, A407_CAUSE_PROTOCOL);
    login_free(l);
}
