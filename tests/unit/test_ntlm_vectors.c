/* SPDX-License-Identifier: MIT */
/* NTLM against MS-NLMP section 4.2, and the worked example of E. Glass, "The
   NTLM Authentication Protocol and Security Support Provider". */
#include "ntlm_help.h"

#include "core/base/hash.h"
#include "unit.h"

static struct a407_span text(const char *z)
{
    return a407_span_str(z);
}

/* MS-NLMP section 4.2.2.1: NTOWFv1 and the session base key. */
TEST(owf)
{
    uint8_t key[16];
    assert_true(a407_ntlm_owf(text("Password"), key));
    assert_bytes(key, 16, "a4f49c406510bdcab6824ee7c30fd852");
    struct a407_span owf = a407_span(key, 16);
    a407_hash(&nettle_md4, "", &owf, 1, key);
    assert_bytes(key, 16, "d87262b0cde4b1cb7499becccdf10784");
    /* MD4 of nothing: RFC 1320 appendix A.5 */
    assert_true(a407_ntlm_owf(text(""), key));
    assert_bytes(key, 16, "31d6cfe0d16ae931b73c59d7e0c089c0");
    assert_false(a407_ntlm_owf(text("\xff"), key));
}

/* MS-NLMP section 4.2.2.2.1, and the same with extended session security. */
TEST(desl)
{
    struct bytes owf = hex("a4f49c406510bdcab6824ee7c30fd852");
    struct bytes server = hex(SERVER_NONCE);
    uint8_t out[24];
    a407_ntlm_desl(owf.p, server.p, out);
    assert_bytes(out, 24, "67c43011f30298a2ad35ece64f16331c44bdbed927841f94");
    struct bytes both = hex(SERVER_NONCE "aaaaaaaaaaaaaaaa");
    uint8_t sum[16];
    struct a407_span all = span_of(&both);
    a407_hash(&nettle_md5, "", &all, 1, sum);
    a407_ntlm_desl(owf.p, sum, out);
    assert_bytes(out, 24, "7537f803ae367128ca458204bde7caf81e97ed2683267232");
}

/* MS-NLMP section 4.2.4.1: NTOWFv2; the name's case does not count. */
TEST(owf_v2)
{
    struct bytes owf = hex("a4f49c406510bdcab6824ee7c30fd852");
    uint8_t key[16];
    static const char *const users[] = {"User", "USER", "user"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(
            a407_ntlm_owf_v2(owf.p, text(users[i]), text("Domain"), key));
        assert_bytes(key, 16, "0c868a403bfd7a93a3001ef22ef02e3f");
    }
    assert_true(a407_ntlm_owf_v2(owf.p, text("User"), text("DOMAIN"), key));
    assert_memory_not_equal(key, hex("0c868a403bfd7a93a3001ef22ef02e3f").p, 16);
    assert_false(a407_ntlm_owf_v2(owf.p, text("\xc3"), text("Domain"), key));
    assert_false(a407_ntlm_owf_v2(owf.p, text("User"), text("\x80"), key));
}

/* Encrypted session keys: MS-NLMP sections 4.2.2.2.3 and 4.2.4.2.3. */
TEST(session_keys)
{
    struct bytes random = hex("55555555555555555555555555555555");
    struct bytes v1 = hex("d87262b0cde4b1cb7499becccdf10784");
    struct bytes v2 = hex("8de40ccadbc14a82f15cb0ad0de95ca3");
    uint8_t out[16];
    a407_ntlm_rc4(v1.p, random.p, out);
    assert_bytes(out, 16, "518822b1b3f350c8958682ecbb3e3cb7");
    a407_ntlm_rc4(v2.p, random.p, out);
    assert_bytes(out, 16, "c5dad2544fc9799094ce1ce90bc9d03e");
}

/*
 * GSS_WrapEx of "Plaintext" in UTF-16: it is encrypted first, and then what it
 * was is signed, with one run of RC4.
 */
static void check_wrap(uint32_t flags, const char *session_key,
                       const char *signing_key, const char *ciphertext,
                       const char *signature)
{
    struct a407_ntlm_signer s;
    struct bytes plain = hex("50006c00610069006e007400650078007400");
    uint8_t sealed[18], mac[16];
    a407_ntlm_signer_init(&s, A407_NTLM_CLIENT, flags, hex(session_key).p);
    assert_bytes(s.key, 16, signing_key);
    arcfour_crypt(&s.seal, plain.n, sealed, plain.p);
    assert_bytes(sealed, 18, ciphertext);
    a407_ntlm_sign(&s, span_of(&plain), mac);
    assert_bytes(mac, 16, signature);
    assert_int_equal(s.number, 1);
}

/* MS-NLMP sections 4.2.3.4 (56 bits, no key exchange) and 4.2.4.4 (128). */
TEST(wrap)
{
    check_wrap(A407_NTLM_ESS | A407_NTLM_56, "eb93429a8bd952f8b89c55b87f475edc",
               "60e799be5c72fc92922ae8ebe961fb8d",
               "a02372f6530273f3aa1eb90190ce5200c99d",
               "01000000ff2aeb52f681793a00000000");
    check_wrap(
        A407_NTLM_ESS | A407_NTLM_56 | A407_NTLM_128 | A407_NTLM_KEY_EXCH,
        "55555555555555555555555555555555", "4788dc861b4782f35d43fd98fe1a2d39",
        "54e50165bf1936dc996020c1811b0f06fb5f",
        "010000007fb38ec5c55d497600000000");
}

/* The second message has another number, and RC4 has gone on. */
TEST(sign_again)
{
    struct a407_ntlm_signer s;
    uint8_t one[16], two[16];
    a407_ntlm_signer_init(&s, A407_NTLM_CLIENT,
                          A407_NTLM_ESS | A407_NTLM_KEY_EXCH,
                          hex("55555555555555555555555555555555").p);
    a407_ntlm_sign(&s, text("x"), one);
    a407_ntlm_sign(&s, text("x"), two);
    assert_int_equal(number32(one + 12), 0);
    assert_int_equal(number32(two + 12), 1);
    assert_memory_not_equal(one + 4, two + 4, 8);
}

static struct a407_ntlm_login login_of_the_vectors(uint32_t flags, bool v1)
{
    return (struct a407_ntlm_login){
        .user = text("User"),
        .password = text("Password"),
        .domain = text("Domain"),
        .workstation = text("COMPUTER"),
        .flags = flags,
        .v1 = v1,
        .now = -11644473600, /* time 0 of Windows */
        .random = random_of_the_vectors,
    };
}

/*
 * A whole Type 3 against the one that MS-NLMP prints. Its flags and its Version
 * are of the program that made it (the flags are not what the Type 2 asks for),
 * so ours are put in their place.
 */
static void check_message(const char *challenge, bool v1, const char *printed)
{
    struct bytes ch = hex(challenge), want = hex(printed);
    struct a407_ntlm_login login = login_of_the_vectors(~0u, v1);
    struct a407_ntlm_result r;
    struct a407_buf out;
    enum a407_cause why;
    a407_buf_init(&out, 4096);
    assert_true(
        a407_ntlm_write_authenticate(&out, &login, span_of(&ch), &r, &why));
    assert_false(r.mic);
    put_number32(want.p + F_FLAGS, r.flags);
    memcpy(want.p + F_FLAGS + 4, "\0\0\0\0\0\0\0\x0f", 8);
    assert_int_equal(out.n, want.n);
    assert_memory_equal(out.p, want.p, want.n);
    a407_buf_free(&out);
}

#define NAMES_V                                                                \
    "44006f006d00610069006e00550073006500720043004f004d00500055005400450052"   \
    "00"

/* MS-NLMP section 4.2.2.3; but the LM response is never made, and the other one
   is in its place. */
TEST(message_v1)
{
    check_message("4e544c4d53535000020000000c000c003800000033"
                  "8202e20123456789abcdef0000000000000000000000000000000006"
                  "0070170000000f530065007200760065007200",
                  true,
                  "4e544c4d5353500003000000180018006c0000001800180084000000"
                  "0c000c00480000000800080054000000100010005c00000010001000"
                  "9c000000358280e20501280a0000000f" NAMES_V
                  "67c43011f30298a2ad35ece64f16331c44bdbed927841f94"
                  "67c43011f30298a2ad35ece64f16331c44bdbed927841f94"
                  "518822b1b3f350c8958682ecbb3e3cb7");
}

/* MS-NLMP section 4.2.3.3 */
TEST(message_v1_ess)
{
    check_message("4e544c4d53535000020000000c000c003800000033820a82"
                  "0123456789abcdef00000000000000000000000000000000"
                  "060070170000000f530065007200760065007200",
                  true,
                  "4e544c4d5353500003000000180018006c0000001800180084000000"
                  "0c000c00480000000800080054000000100010005c00000000000000"
                  "9c000000358208820501280a0000000f" NAMES_V
                  "aaaaaaaaaaaaaaaa00000000000000000000000000000000"
                  "7537f803ae367128ca458204bde7caf81e97ed2683267232");
}

/* MS-NLMP section 4.2.4.3 */
TEST(message_v2)
{
    check_message(
        "4e544c4d53535000020000000c000c003800000033828ae2"
        "0123456789abcdef00000000000000002400240044000000"
        "060070170000000f530065007200760065007200" INFO_NAMES INFO_END,
        false,
        "4e544c4d5353500003000000180018006c0000005400540084000000"
        "0c000c00480000000800080054000000100010005c00000010001000"
        "d8000000358288e20501280a0000000f" NAMES_V
        "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
        "68cd0ab851e51c96aabc927bebef6a1c"
        "01010000000000000000000000000000aaaaaaaaaaaaaaaa"
        "00000000" INFO_NAMES INFO_END "00000000"
        "c5dad2544fc9799094ce1ce90bc9d03e");
}

static void glass_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    assert_int_equal(n, 8);
    memcpy(p, hex("ffffff0011223344").p, n);
}

#define GLASS_INFO                                                             \
    "02000c0044004f004d00410049004e0001000c00530045005200560045005200"         \
    "0400140064006f006d00610069006e002e0063006f006d000300220073006500"         \
    "72007600650072002e0064006f006d00610069006e002e0063006f006d000000"         \
    "0000"

/* Another example, made by somebody else: its time is not 0. */
TEST(glass)
{
    struct bytes ch = type2_of(USUAL_FLAGS, GLASS_INFO);
    struct a407_ntlm_login login = {.user = text("user"),
                                    .password = text("SecREt01"),
                                    .domain = text("DOMAIN"),
                                    .workstation = text(""),
                                    .flags = USUAL_FLAGS,
                                    .now = 1055844000,
                                    .random = glass_random};
    struct a407_ntlm_result r;
    struct a407_buf out;
    enum a407_cause why;
    a407_buf_init(&out, 4096);
    assert_true(
        a407_ntlm_write_authenticate(&out, &login, span_of(&ch), &r, &why));
    struct a407_span lm = field_of(&out, F_LM), nt = field_of(&out, F_NT);
    assert_bytes(lm.p, lm.n,
                 "d6e6152ea25d03b7c6ba6629c2d6aaf0ffffff0011223344");
    assert_bytes(nt.p, nt.n,
                 "cbabbca713eb795d04c97abc01ee4983"
                 "01010000000000000090d336b734c301ffffff0011223344"
                 "00000000" GLASS_INFO "00000000");
    login.v1 = true;
    a407_buf_clear(&out);
    assert_true(
        a407_ntlm_write_authenticate(&out, &login, span_of(&ch), &r, &why));
    nt = field_of(&out, F_NT);
    assert_bytes(nt.p, nt.n,
                 "10d550832d12b2ccb79d5ad1f4eed3df82aca4c3681dd455");
    ch = type2_of(USUAL_FLAGS & ~A407_NTLM_ESS, "");
    a407_buf_clear(&out);
    assert_true(
        a407_ntlm_write_authenticate(&out, &login, span_of(&ch), &r, &why));
    nt = field_of(&out, F_NT);
    assert_bytes(nt.p, nt.n,
                 "25a98c1c31e81847466b29b2df4680f39958fb8c213a9cc6");
    a407_buf_free(&out);
}
