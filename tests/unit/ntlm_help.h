/* SPDX-License-Identifier: MIT */
#ifndef NTLM_HELP_H
#define NTLM_HELP_H

/* What the tests of NTLM and SPNEGO share. */

#include "auth_help.h"
#include "exact.h"

#include <nettle/base16.h>
#include <nettle/base64.h>

#include "core/auth/ntlm.h"

/* Bytes from hex digits, in which blanks count for nothing. */
struct bytes {
    uint8_t p[2048];
    size_t n;
};

static inline struct bytes hex(const char *z)
{
    struct bytes b = {.n = 0};
    struct base16_decode_ctx ctx;
    base16_decode_init(&ctx);
    assert_true(strlen(z) / 2 <= sizeof b.p);
    b.n = sizeof b.p;
    assert_true(base16_decode_update(&ctx, &b.n, b.p, strlen(z), z));
    assert_true(base16_decode_final(&ctx));
    return b;
}

#define assert_bytes(p, n, digits)                                             \
    assert_bytes_(p, n, digits, __FILE__, __LINE__)

static inline void assert_bytes_(const void *p, size_t n, const char *digits,
                                 const char *file, int line)
{
    struct bytes want = hex(digits);
    _assert_int_equal(n, want.n, file, line);
    _assert_memory_equal(p, want.p, n, file, line);
}

static inline struct a407_span span_of(const struct bytes *b)
{
    return a407_span((const char *)b->p, b->n);
}

static inline uint32_t number16(const void *at)
{
    const uint8_t *p = at;
    return (uint32_t)(p[0] | p[1] << 8);
}

static inline uint32_t number32(const void *at)
{
    const uint8_t *p = at;
    return number16(p) | number16(p + 2) << 16;
}

static inline void put_number32(void *at, uint32_t v)
{
    uint8_t *p = at;
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* A field of a Type 3: what its length and offset point to. */
static inline struct a407_span field_of(const struct a407_buf *m, size_t at)
{
    size_t n = number16(m->p + at), from = number32(m->p + at + 4);
    assert_int_equal(n, number16(m->p + at + 2));
    assert_true(from <= m->n && n <= m->n - from);
    return a407_span(m->p + from, n);
}

enum {
    F_LM = 12,
    F_NT = 20,
    F_DOMAIN = 28,
    F_USER = 36,
    F_WORKSTATION = 44,
    F_KEY = 52,
    F_FLAGS = 60
};

/* The random bytes of MS-NLMP section 4.2.1: nonces of aa, keys of 55. */
static inline void random_of_the_vectors(void *ctx, void *p, size_t n)
{
    (void)ctx;
    memset(p, n == 8 ? 0xaa : 0x55, n);
}

#define SERVER_NONCE "0123456789abcdef"

/* D.o.m.a.i.n. and S.e.r.v.e.r.: MS-NLMP section 4.2.4 */
#define INFO_NAMES                                                             \
    "02000c0044006f006d00610069006e0001000c00530065007200760065007200"
#define INFO_TIME "070008000102030405060708"
#define INFO_END  "00000000"

/* A Type 2 with these flags and that target info ("": none). */
static inline struct bytes type2_of(uint32_t flags, const char *info)
{
    struct bytes m = hex("4e544c4d53535000 02000000 00000000 38000000"
                         "00000000" SERVER_NONCE "0000000000000000"
                         "0000000000000000 000000000000000f");
    struct bytes list = hex(info);
    put_number32(m.p + 20, flags | (list.n ? A407_NTLM_TARGET_INFO : 0));
    m.p[40] = m.p[42] = (uint8_t)list.n;
    m.p[44] = (uint8_t)m.n;
    memcpy(m.p + m.n, list.p, list.n);
    m.n += list.n;
    return m;
}

#define USUAL_FLAGS                                                            \
    (A407_NTLM_UNICODE | A407_NTLM_TARGET | A407_NTLM_NTLM |                   \
     A407_NTLM_ALWAYS_SIGN | A407_NTLM_ESS | A407_NTLM_VERSION |               \
     A407_NTLM_128 | A407_NTLM_56)

/* "NAME <base64>", as a challenge. In a buffer that the next call changes. */
static inline const char *as_challenge(const char *name, const void *p,
                                       size_t n)
{
    static char text[65536];
    size_t at = (size_t)snprintf(text, sizeof text, "%s ", name);
    assert_true(at + BASE64_ENCODE_RAW_LENGTH(n) < sizeof text);
    base64_encode_raw(text + at, n, p);
    text[at + BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
    return text;
}

/* What a value "NAME <base64>" holds. The caller frees it. */
static inline struct a407_buf decoded(const char *value, const char *name)
{
    struct a407_buf out;
    struct base64_decode_ctx ctx;
    size_t skip = strlen(name) + 1, n = strlen(value) - skip;
    assert_memory_equal(value, name, skip - 1);
    assert_int_equal(value[skip - 1], ' ');
    a407_buf_init(&out, 65536);
    assert_true(a407_buf_reserve(&out, BASE64_DECODE_LENGTH(n)));
    out.n = out.cap;
    base64_decode_init(&ctx);
    assert_true(
        base64_decode_update(&ctx, &out.n, (uint8_t *)out.p, n, value + skip));
    assert_true(base64_decode_final(&ctx));
    return out;
}

#endif
