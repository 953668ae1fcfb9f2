/* SPDX-License-Identifier: MIT */
/* Keys and hashes of NTLM. MD4, MD5, DES and RC4 are nettle's. */
#include "ntlm.h"

#include <nettle/des.h>
#include <nettle/hmac.h>

#include "core/base/hash.h"
#include "core/base/text.h"

/* A name or a password is never longer than what a field of 16 bits holds. */
#define TEXT_MAX 65534

void a407_ntlm_hmac(const uint8_t key[A407_NTLM_KEY_SIZE],
                    const struct a407_span *parts, size_t n,
                    uint8_t out[A407_NTLM_KEY_SIZE])
{
    struct hmac_md5_ctx ctx;
    hmac_md5_set_key(&ctx, A407_NTLM_KEY_SIZE, key);
    for (size_t i = 0; i < n; i++)
        if (parts[i].n)
            hmac_md5_update(&ctx, parts[i].n, (const uint8_t *)parts[i].p);
    hmac_md5_digest(&ctx, MD5_DIGEST_SIZE, out);
    a407_wipe(&ctx, sizeof ctx);
}

void a407_ntlm_rc4(const uint8_t key[A407_NTLM_KEY_SIZE],
                   const uint8_t in[A407_NTLM_KEY_SIZE],
                   uint8_t out[A407_NTLM_KEY_SIZE])
{
    struct arcfour_ctx ctx;
    arcfour_set_key(&ctx, A407_NTLM_KEY_SIZE, key);
    arcfour_crypt(&ctx, A407_NTLM_KEY_SIZE, out, in);
    a407_wipe(&ctx, sizeof ctx);
}

bool a407_ntlm_owf(struct a407_span password, uint8_t out[A407_NTLM_KEY_SIZE])
{
    struct a407_buf text;
    a407_buf_init(&text, TEXT_MAX);
    bool ok = a407_utf16_add(&text, password);
    struct a407_span all = a407_span(text.p, text.n);
    if (ok)
        a407_hash(&nettle_md4, "", &all, 1, out);
    a407_buf_free(&text);
    return ok;
}

bool a407_ntlm_owf_v2(const uint8_t owf[A407_NTLM_KEY_SIZE],
                      struct a407_span user, struct a407_span domain,
                      uint8_t out[A407_NTLM_KEY_SIZE])
{
    struct a407_buf text;
    a407_buf_init(&text, 2 * TEXT_MAX);
    bool ok =
        a407_utf16_add_upper(&text, user) && a407_utf16_add(&text, domain);
    struct a407_span all = a407_span(text.p, text.n);
    if (ok)
        a407_ntlm_hmac(owf, &all, 1, out);
    a407_buf_free(&text);
    return ok;
}

/* DES with a key of 7 bytes: each 7 bits are followed by a parity bit, which
   nothing looks at. */
static void des_7(const uint8_t key[7], const uint8_t in[8], uint8_t out[8])
{
    struct des_ctx ctx;
    uint8_t wide[DES_KEY_SIZE];
    uint64_t bits = 0;
    for (size_t i = 0; i < 7; i++)
        bits = bits << 8 | key[i];
    for (size_t i = 0; i < sizeof wide; i++)
        wide[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
    /* Its result tells of weak keys; the protocol has no other to offer. */
    des_set_key(&ctx, wide);
    des_encrypt(&ctx, DES_BLOCK_SIZE, out, in);
    a407_wipe(&bits, sizeof bits);
    a407_wipe(wide, sizeof wide);
    a407_wipe(&ctx, sizeof ctx);
}

void a407_ntlm_desl(const uint8_t key[A407_NTLM_KEY_SIZE],
                    const uint8_t challenge[8],
                    uint8_t out[A407_NTLM_RESPONSE_SIZE])
{
    uint8_t padded[21] = {0};
    memcpy(padded, key, A407_NTLM_KEY_SIZE);
    for (size_t i = 0; i < 3; i++)
        des_7(padded + 7 * i, challenge, out + 8 * i);
    a407_wipe(padded, sizeof padded);
}

/* The constants of MS-NLMP section 3.4.5 are hashed with their NUL. */
static void derive(const uint8_t *key, size_t n, const char *what,
                   size_t what_size, uint8_t out[A407_NTLM_KEY_SIZE])
{
    struct a407_span parts[] = {a407_span(key, n), a407_span(what, what_size)};
    a407_hash(&nettle_md5, "", parts, 2, out);
}

void a407_ntlm_signer_init(struct a407_ntlm_signer *s, enum a407_ntlm_side side,
                           uint32_t flags,
                           const uint8_t session_key[A407_NTLM_KEY_SIZE])
{
#define FROM_CLIENT "session key to client-to-server "
#define FROM_SERVER "session key to server-to-client "
    static const char sign[][sizeof FROM_CLIENT "signing key magic constant"] =
        {FROM_CLIENT "signing key magic constant",
         FROM_SERVER "signing key magic constant"};
    static const char seal[][sizeof FROM_CLIENT "sealing key magic constant"] =
        {FROM_CLIENT "sealing key magic constant",
         FROM_SERVER "sealing key magic constant"};
    uint8_t sealing[A407_NTLM_KEY_SIZE];
    size_t strength = flags & A407_NTLM_128 ? 16 : flags & A407_NTLM_56 ? 7 : 5;
    derive(session_key, A407_NTLM_KEY_SIZE, sign[side], sizeof sign[side],
           s->key);
    derive(session_key, strength, seal[side], sizeof seal[side], sealing);
    arcfour_set_key(&s->seal, sizeof sealing, sealing);
    s->number = 0;
    s->sealed = flags & A407_NTLM_KEY_EXCH;
    a407_wipe(sealing, sizeof sealing);
}

void a407_ntlm_sign(struct a407_ntlm_signer *s, struct a407_span message,
                    uint8_t out[A407_NTLM_SIGNATURE])
{
    uint8_t number[4], sum[A407_NTLM_KEY_SIZE];
    a407_put_le(number, sizeof number, s->number);
    struct a407_span parts[] = {a407_span(number, sizeof number), message};
    a407_ntlm_hmac(s->key, parts, 2, sum);
    memcpy(out, "\1\0\0\0", 4);
    if (s->sealed)
        arcfour_crypt(&s->seal, 8, out + 4, sum);
    else
        memcpy(out + 4, sum, 8);
    memcpy(out + 12, number, sizeof number);
    s->number++;
    a407_wipe(sum, sizeof sum);
}
