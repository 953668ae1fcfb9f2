/* SPDX-License-Identifier: MIT */
/* DER, and SPNEGO's tokens (RFC 4178, MS-SPNG). */
#include "ntlm_help.h"

#include "core/auth/spnego.h"
#include "unit.h"

#define NTLM_OID "2b06010401823702020a"

/* Takes one element from memory of exactly its size. False: refused. */
static bool take(const char *digits, unsigned char *tag, size_t *n,
                 size_t *left)
{
    struct bytes b = hex(digits);
    char *copy = malloc(b.n ? b.n : 1);
    assert_non_null(copy);
    memcpy(copy, b.p, b.n);
    struct a407_span in = a407_span(copy, b.n), content = {NULL, 0};
    bool ok = a407_der_take(&in, tag, &content);
    if (ok) {
        assert_true(content.p >= copy && content.p + content.n <= copy + b.n);
        *n = content.n;
        *left = in.n;
    } else {
        assert_ptr_equal(in.p, copy); /* nothing was taken */
        assert_int_equal(in.n, b.n);
    }
    free(copy);
    return ok;
}

/* X.690 section 8.1.3: short and long form of the length. */
TEST(der_take)
{
    unsigned char tag;
    size_t n, left;
    assert_true(take("0400", &tag, &n, &left));
    assert_int_equal(tag, 4);
    assert_int_equal(n, 0);
    assert_int_equal(left, 0);
    assert_true(take("3003020105ff", &tag, &n, &left));
    assert_int_equal(n, 3);
    assert_int_equal(left, 1);
    assert_true(take("04810141", &tag, &n, &left));
    assert_int_equal(n, 1);
    assert_true(take("048200014142", &tag, &n, &left));
    assert_int_equal(left, 1);
    assert_true(take("04840000000141", &tag, &n, &left));
    static const char *const bad[] = {
        "",           "04",         "0401",           "3080",
        "30800000",   "0481",       "048101",         "04820001",
        "0485000000", "0484ffffff", "0484ffffffff41", "048500000000014141",
        "04ff",       "1f0100",     "bf810100",       "047f41"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(take(bad[i], &tag, &n, &left));
}

/* Whatever is written is read again, with lengths of every form. */
TEST(der_both)
{
    static const size_t sizes[] = {0,   1,   127,   128,   255,
                                   256, 257, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct a407_buf out;
        struct a407_span in, content;
        unsigned char tag;
        char *zeros = calloc(1, sizes[i] + 1);
        assert_non_null(zeros);
        a407_buf_init(&out, 100000);
        assert_true(a407_buf_add(&out, zeros, sizes[i]));
        assert_true(a407_der_wrap(&out, 0, 0xa2));
        in = a407_span(out.p, out.n);
        assert_true(a407_der_take(&in, &tag, &content));
        assert_int_equal(tag, 0xa2);
        assert_int_equal(content.n, sizes[i]);
        assert_int_equal(in.n, 0);
        a407_buf_free(&out);
        free(zeros);
    }
}

/* RFC 4178 section 4.2.1 in the framing of RFC 2743 section 3.1. */
TEST(init)
{
    struct a407_buf out;
    a407_buf_init(&out, 4096);
    assert_true(a407_spnego_write_init(&out, a407_span("token", 5)));
    assert_bytes(out.p, out.n,
                 "6025 06062b0601050502"   /* SPNEGO */
                 "a01b 3019"               /* NegTokenInit */
                 "a00e 300c 060a" NTLM_OID /* mechTypes */
                 "a207 0405 746f6b656e");  /* mechToken */
    a407_buf_free(&out);
    struct a407_span mechs = a407_spnego_mechs();
    assert_bytes(mechs.p, mechs.n, "300c 060a" NTLM_OID);
    struct bytes ntlm = hex(NTLM_OID), other = hex("2a864886f712010202");
    assert_true(a407_spnego_is_ntlm(span_of(&ntlm)));
    assert_false(a407_spnego_is_ntlm(span_of(&other)));
    ntlm.n--;
    assert_false(a407_spnego_is_ntlm(span_of(&ntlm)));
}

/* RFC 4178 section 4.2.2 */
TEST(response)
{
    struct a407_buf out;
    a407_buf_init(&out, 4096);
    assert_true(a407_spnego_write_response(&out, a407_span("token", 5),
                                           a407_span("mic", 3)));
    assert_bytes(out.p, out.n,
                 "a117 3015 a003 0a0101 a207 0405 746f6b656e a305 0403 6d6963");
    a407_buf_clear(&out);
    assert_true(a407_spnego_write_response(&out, a407_span("token", 5),
                                           a407_span(NULL, 0)));
    assert_bytes(out.p, out.n, "a110 300e a003 0a0101 a207 0405 746f6b656e");
    a407_buf_free(&out);
}

/* A token of 300 bytes has lengths of three bytes in all of its layers. */
TEST(long_token)
{
    static const char token[300];
    struct a407_spnego_response r;
    struct a407_buf out;
    a407_buf_init(&out, 4096);
    assert_true(a407_spnego_write_response(&out, a407_span(token, sizeof token),
                                           a407_span(NULL, 0)));
    assert_true(a407_spnego_read_response(a407_span(out.p, out.n), &r));
    assert_int_equal(r.token.n, sizeof token);
    assert_int_equal(r.state, A407_SPNEGO_INCOMPLETE);
    a407_buf_clear(&out);
    assert_true(a407_spnego_write_init(&out, a407_span(token, sizeof token)));
    assert_int_equal(out.n, 4 + 8 + 4 + 4 + 16 + 4 + 4 + sizeof token);
    a407_buf_free(&out);
}

static bool read_hex(const char *digits, struct a407_spnego_response *r)
{
    static struct bytes b;
    b = hex(digits);
    return a407_spnego_read_response(span_of(&b), r);
}

TEST(read)
{
    struct a407_spnego_response r;
    /* as a server begins: state, mechanism, token */
    assert_true(read_hex(
        "a11b 3019 a003 0a0101 a10c 060a" NTLM_OID "a204 0402 4142", &r));
    assert_int_equal(r.state, A407_SPNEGO_INCOMPLETE);
    assert_true(a407_spnego_is_ntlm(r.mech));
    assert_span(r.token, "AB");
    assert_span(r.mic, NULL);
    /* as it ends */
    assert_true(read_hex("a10d 300b a003 0a0100 a304 0402 6d6d", &r));
    assert_int_equal(r.state, A407_SPNEGO_COMPLETED);
    assert_span(r.token, NULL);
    assert_span(r.mic, "mm");
    assert_true(read_hex("a107 3005 a003 0a0102", &r));
    assert_int_equal(r.state, A407_SPNEGO_REJECT);
    /* nothing in it; an element that RFC 4178 does not know */
    assert_true(read_hex("a102 3000", &r));
    assert_int_equal(r.state, A407_SPNEGO_UNSAID);
    assert_true(read_hex("a108 3006 a404 0402 4142", &r));
    assert_span(r.mic, NULL);
}

TEST(read_bad)
{
    struct a407_spnego_response r;
    static const char *const bad[] = {
        "",                               /* nothing */
        "6002 3000",                      /* another choice */
        "a002 3000",                      /* NegTokenInit */
        "a100",                           /* no sequence */
        "a102 3100",                      /* a set instead */
        "a103 3001 a0",                   /* an element cut off */
        "a106 3004 a002 0a00",            /* a state without value */
        "a107 3005 a003 020101",          /* of another type */
        "a107 3005 a003 0a0104",          /* unknown */
        "a108 3006 a004 0a020001",        /* of two bytes */
        "a108 3006 a204 0502 4142",       /* a token of another type */
        "a108 3006 a204 0403 4142",       /* longer than its element */
        "a108 3006 a104 0402 4142",       /* an OID of another type */
        "a106 3004 0402 4142",            /* no context tag */
        "a106 3004 8002 4142",            /* a primitive one */
        "a10d 3080 a003 0a0101 a200 0000" /* the indefinite form of BER */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(read_hex(bad[i], &r));
}

/* Every cut of a token is refused, from memory of exactly its size. */
TEST(truncated)
{
    struct bytes b = hex("a121 301f a003 0a0101 a10c 060a" NTLM_OID
                         "a204 0402 4142 a304 0402 6d6d");
    struct a407_spnego_response r;
    for (size_t n = 0; n <= b.n; n++) {
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, b.p, n);
        bool ok = a407_spnego_read_response(a407_span(copy, n), &r);
        assert_int_equal(ok, n == b.n);
        free(copy);
    }
}
