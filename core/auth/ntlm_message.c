/* SPDX-License-Identifier: MIT */
#include "core/config/credential.h"
#include "ntlm.h"

#include "core/base/hash.h"
#include "core/base/text.h"

/* ---- Type 2, and its target info on the way back to its server ---- */

/* Where the fields of a Type 2 lie (MS-NLMP section 2.2.1.2). */
#define T2_FLAGS_AT    20
#define NONCE_AT       24
#define TARGET_INFO_AT 40
#define SHORTEST       32 /* servers of old end after the nonce */

bool a407_ntlm_is(struct a407_span m, uint32_t type)
{
    return m.n >= 12 && memcmp(m.p, "NTLMSSP", 8) == 0 &&
           a407_get_le32(m.p + 8) == type;
}

/* Takes the next pair off the front. False: the list is over, with or without
   its EOL, or, with `*broken` set, a pair is cut off. */
static bool next_pair(struct a407_span *list, uint32_t *id,
                      struct a407_span *value, bool *broken)
{
    if (!list->n)
        return false;
    *broken = list->n < 4 || a407_get_le16(list->p + 2) > list->n - 4;
    if (*broken)
        return false;
    *id = a407_get_le16(list->p);
    *value = a407_span(list->p + 4, a407_get_le16(list->p + 2));
    *list = a407_span(value->p + value->n, list->n - 4 - value->n);
    return *id != A407_AV_EOL;
}

static bool read_pairs(struct a407_ntlm_challenge *out)
{
    struct a407_span list = out->target_info, value;
    uint32_t id;
    bool broken = false;
    while (next_pair(&list, &id, &value, &broken)) {
        if (id != A407_AV_TIMESTAMP)
            continue;
        if (value.n != sizeof out->time)
            return false;
        memcpy(out->time, value.p, sizeof out->time);
        out->timed = true;
    }
    return !broken;
}

bool a407_ntlm_read_challenge(struct a407_span m,
                              struct a407_ntlm_challenge *out)
{
    *out = (struct a407_ntlm_challenge){0};
    if (!a407_ntlm_is(m, 2) || m.n < SHORTEST || m.n > A407_NTLM_MESSAGE_MAX)
        return false;
    out->flags = a407_get_le32(m.p + T2_FLAGS_AT);
    memcpy(out->nonce, m.p + NONCE_AT, sizeof out->nonce);
    if (!(out->flags & A407_NTLM_TARGET_INFO) || m.n < TARGET_INFO_AT + 8)
        return true;
    uint32_t n = a407_get_le16(m.p + TARGET_INFO_AT);
    uint32_t at = a407_get_le32(m.p + TARGET_INFO_AT + 4);
    if (!n)
        return true;
    if (at > m.n || n > m.n - at)
        return false;
    out->target_info = a407_span(m.p + at, n);
    return read_pairs(out);
}

static bool add_pair(struct a407_buf *out, enum a407_ntlm_av id,
                     struct a407_span value)
{
    unsigned char head[4];
    a407_put_le(head, 2, id);
    a407_put_le(head + 2, 2, value.n);
    return value.n <= UINT16_MAX && a407_buf_add(out, head, sizeof head) &&
           a407_buf_span(out, value);
}

/* MsvAvTargetName: the service that the answer is for. */
static bool add_target_name(struct a407_buf *out, struct a407_span host)
{
    struct a407_buf name;
    a407_buf_init(&name, 4 * A407_HOST_MAX);
    bool ok = a407_utf16_add(&name, a407_span_str("HTTP/")) &&
              a407_utf16_add(&name, host) &&
              add_pair(out, A407_AV_TARGET_NAME, a407_span(name.p, name.n));
    a407_buf_free(&name);
    return ok;
}

/* The pairs as they came, and behind them ours (MS-NLMP section 3.1.5.1.2),
   which a server that sends no time is too old for. */
static bool add_target_info(struct a407_buf *out,
                            const struct a407_ntlm_challenge *ch,
                            struct a407_span host)
{
    static const char no_bindings[16]; /* there is no TLS to bind to */
    struct a407_span list = ch->target_info, value;
    char flags[4] = {0};
    uint32_t id;
    bool broken = false, ok = true;
    while (ok && next_pair(&list, &id, &value, &broken)) {
        bool replaced =
            ch->timed && (id == A407_AV_FLAGS || id == A407_AV_TARGET_NAME ||
                          id == A407_AV_CHANNEL_BINDINGS);
        if (replaced && id == A407_AV_FLAGS && value.n == sizeof flags)
            memcpy(flags, value.p, sizeof flags);
        if (!replaced)
            ok = add_pair(out, (enum a407_ntlm_av)id, value);
    }
    flags[0] |= 2; /* there is a MIC */
    if (ok && ch->timed)
        ok = add_pair(out, A407_AV_FLAGS, a407_span(flags, sizeof flags)) &&
             add_pair(out, A407_AV_CHANNEL_BINDINGS,
                      a407_span(no_bindings, sizeof no_bindings)) &&
             (!host.p || add_target_name(out, host));
    return ok && add_pair(out, A407_AV_EOL, a407_span("", 0));
}

/* ---- Type 1 and Type 3 ---- */

/* Where the fields of a Type 3 lie (MS-NLMP section 2.2.1.3). */
enum {
    LM_AT = 12,
    NT_AT = 20,
    DOMAIN_AT = 28,
    USER_AT = 36,
    WORKSTATION_AT = 44,
    KEY_AT = 52,
    FLAGS_AT = 60,
    VERSION_AT = 64,
    MIC_AT = 72,
    HEAD_MAX = 88
};

/* An answer under way: the fixed part, and what its fields point to; what
   proves the password, and the key that comes of it. */
struct answer {
    const struct a407_ntlm_login *login;
    struct a407_ntlm_challenge ch;
    struct a407_ntlm_result *result;
    uint8_t head[HEAD_MAX];
    size_t head_size; /* without room for a MIC, or with it */
    struct a407_buf body;
    uint8_t lm[A407_NTLM_RESPONSE_SIZE];
    struct a407_buf nt;
    uint8_t exchange_key[A407_NTLM_KEY_SIZE];
};

static void begin(uint8_t *p, unsigned type)
{
    memcpy(p, "NTLMSSP", 8);
    a407_put_le(p + 8, 4, type);
}

/* Version: nothing acts on the numbers, but the revision is looked at. */
static void put_version(uint8_t *p, uint32_t flags)
{
    if (flags & A407_NTLM_VERSION)
        p[7] = 15;
}

bool a407_ntlm_write_negotiate(struct a407_buf *out, uint32_t flags)
{
    /* No names in it: those that a server needs come with the Type 3. The
       Version is there because gss-ntlmssp wants 40 bytes. */
    uint8_t m[40] = {0};
    begin(m, 1);
    a407_put_le(m + 12, 4, flags);
    a407_put_le(m + 20, 4, sizeof m);
    a407_put_le(m + 28, 4, sizeof m);
    put_version(m + 32, flags);
    return a407_buf_add(out, m, sizeof m);
}

/* Points the field at `at` to the bytes of the body from `from` on. */
static bool close_field(struct answer *a, size_t at, size_t from)
{
    size_t n = a->body.n - from;
    a407_put_le(a->head + at, 2, n);
    a407_put_le(a->head + at + 2, 2, n);
    a407_put_le(a->head + at + 4, 4, a->head_size + from);
    return !a->body.failed && n <= UINT16_MAX;
}

static bool add_bytes(struct answer *a, size_t at, const void *p, size_t n)
{
    size_t from = a->body.n;
    a407_buf_add(&a->body, p, n);
    return close_field(a, at, from);
}

/* A name in the character set that was agreed on. Which one "OEM" means, only
   the server knows: what is the same in all of them can be sent. */
static bool add_text(struct answer *a, size_t at, struct a407_span text,
                     enum a407_cause *why)
{
    size_t from = a->body.n;
    bool ok = a->result->flags & A407_NTLM_UNICODE
                  ? a407_utf16_add(&a->body, text)
                  : a407_text_is_ascii(text) && a407_buf_span(&a->body, text);
    if (!ok && !a->body.failed)
        *why = A407_CAUSE_MALFORMED;
    return ok && close_field(a, at, from);
}

/* What follows the first 16 bytes of an NTLMv2 response: the "temp" of MS-NLMP
   section 3.3.2, whose core is the target info, with what we add to it. */
static bool write_v2_blob(struct answer *a, const uint8_t nonce[8])
{
    /* tenths of a microsecond since 1601 */
    uint64_t ticks = ((uint64_t)a->login->now + 11644473600u) * 10000000u;
    uint8_t time[8];
    a407_put_le(time, sizeof time, ticks);
    return a407_buf_add(&a->nt, "\1\1\0\0\0\0\0", 8) &&
           a407_buf_add(&a->nt, a->ch.timed ? a->ch.time : time, 8) &&
           a407_buf_add(&a->nt, nonce, 8) &&
           a407_buf_add(&a->nt, "\0\0\0", 4) &&
           (!a->ch.target_info.p ||
            add_target_info(&a->nt, &a->ch, a->login->host)) &&
           a407_buf_add(&a->nt, "\0\0\0", 4);
}

/* NTLMv2 (MS-NLMP section 3.3.2). */
static bool prove_v2(struct answer *a, const uint8_t owf[A407_NTLM_KEY_SIZE],
                     const uint8_t nonce[8])
{
    uint8_t key[A407_NTLM_KEY_SIZE], sum[A407_NTLM_KEY_SIZE] = {0};
    struct a407_span parts[] = {a407_span(a->ch.nonce, 8), a407_span(nonce, 8)};
    bool ok = a407_ntlm_owf_v2(owf, a->login->user, a->login->domain, key) &&
              a407_buf_add(&a->nt, sum, sizeof sum) && write_v2_blob(a, nonce);
    /* With a time from the server the older response is left out. */
    if (ok && !a->ch.timed) {
        a407_ntlm_hmac(key, parts, 2, a->lm);
        memcpy(a->lm + A407_NTLM_KEY_SIZE, nonce, 8);
    }
    if (ok) {
        parts[1] = a407_span(a->nt.p + sizeof sum, a->nt.n - sizeof sum);
        a407_ntlm_hmac(key, parts, 2, sum);
        memcpy(a->nt.p, sum, sizeof sum);
        parts[0] = a407_span(sum, sizeof sum);
        a407_ntlm_hmac(key, parts, 1, a->exchange_key);
    }
    a407_wipe(key, sizeof key);
    return ok;
}

/* NTLMv1 (MS-NLMP section 3.3.1). The LM response would give the password away:
   the other one is sent in its place (NoLMResponseNTLMv1). */
static bool prove_v1(struct answer *a, const uint8_t owf[A407_NTLM_KEY_SIZE],
                     const uint8_t nonce[8])
{
    uint8_t nt[A407_NTLM_RESPONSE_SIZE], sum[A407_NTLM_KEY_SIZE];
    uint8_t both[16];
    memcpy(both, a->ch.nonce, 8);
    memcpy(both + 8, nonce, 8);
    struct a407_span pair = a407_span(both, sizeof both);
    struct a407_span hashed = a407_span(owf, A407_NTLM_KEY_SIZE);
    a407_hash(&nettle_md4, "", &hashed, 1, a->exchange_key);
    if (a->ch.flags & A407_NTLM_ESS) {
        a407_hash(&nettle_md5, "", &pair, 1, sum);
        a407_ntlm_desl(owf, sum, nt);
        memcpy(a->lm, nonce, 8);
        memcpy(sum, a->exchange_key, sizeof sum);
        a407_ntlm_hmac(sum, &pair, 1, a->exchange_key);
        a407_wipe(sum, sizeof sum);
    } else {
        a407_ntlm_desl(owf, a->ch.nonce, nt);
        memcpy(a->lm, nt, sizeof nt);
    }
    return a407_buf_add(&a->nt, nt, sizeof nt);
}

static bool prove(struct answer *a)
{
    uint8_t owf[A407_NTLM_KEY_SIZE], nonce[8];
    a->login->random(a->login->random_ctx, nonce, sizeof nonce);
    bool ok = a407_ntlm_owf(a->login->password, owf) &&
              (a->login->v1 ? prove_v1 : prove_v2)(a, owf, nonce);
    a407_wipe(owf, sizeof owf);
    return ok;
}

/* What both sides said that they can do. */
static uint32_t agree(const struct a407_ntlm_challenge *ch, uint32_t ours)
{
    uint32_t flags = ch->flags & (ours | A407_NTLM_TARGET_INFO);
    if (flags & A407_NTLM_UNICODE)
        flags &= ~A407_NTLM_OEM;
    /* a key is exchanged to sign or seal with (MS-NLMP section 3.1.5.1.2) */
    if (!(flags & A407_NTLM_SIGN))
        flags &= ~A407_NTLM_KEY_EXCH;
    return flags;
}

/* The session key: one of our own, sent encrypted, or the one that is there. */
static bool add_key(struct answer *a)
{
    struct a407_ntlm_result *r = a->result;
    uint8_t encrypted[A407_NTLM_KEY_SIZE] = {0};
    size_t n = 0;
    memcpy(r->session_key, a->exchange_key, sizeof a->exchange_key);
    if (r->flags & A407_NTLM_KEY_EXCH) {
        n = sizeof encrypted;
        a->login->random(a->login->random_ctx, r->session_key, n);
        a407_ntlm_rc4(a->exchange_key, r->session_key, encrypted);
    }
    return add_bytes(a, KEY_AT, encrypted, n);
}

/* The MIC is over all three messages, the third with zeros in its place. */
static bool add_mic(struct answer *a, struct a407_span challenge)
{
    struct a407_buf first;
    a407_buf_init(&first, 64);
    bool ok = a407_ntlm_write_negotiate(&first, a->login->flags);
    struct a407_span parts[] = {a407_span(first.p, first.n), challenge,
                                a407_span(a->head, HEAD_MAX),
                                a407_span(a->body.p, a->body.n)};
    if (ok)
        a407_ntlm_hmac(a->result->session_key, parts, 4, a->head + MIC_AT);
    a407_buf_free(&first);
    return ok;
}

/* All of it but the MIC. The order of the fields is that of Windows. */
static bool fill(struct answer *a, enum a407_cause *why)
{
    begin(a->head, 3);
    a407_put_le(a->head + FLAGS_AT, 4, a->result->flags);
    put_version(a->head + VERSION_AT, a->result->flags);
    return add_text(a, DOMAIN_AT, a->login->domain, why) &&
           add_text(a, USER_AT, a->login->user, why) &&
           add_text(a, WORKSTATION_AT, a->login->workstation, why) &&
           prove(a) && add_bytes(a, LM_AT, a->lm, sizeof a->lm) &&
           add_bytes(a, NT_AT, a->nt.p, a->nt.n) && add_key(a);
}

bool a407_ntlm_write_authenticate(struct a407_buf *out,
                                  const struct a407_ntlm_login *login,
                                  struct a407_span challenge,
                                  struct a407_ntlm_result *result,
                                  enum a407_cause *why)
{
    struct answer a = {.login = login, .result = result};
    size_t start = out->n;
    *why = A407_CAUSE_PROTOCOL;
    if (!a407_ntlm_read_challenge(challenge, &a.ch))
        return false;
    *result = (struct a407_ntlm_result){.flags = agree(&a.ch, login->flags),
                                        .mic = a.ch.timed && !login->v1};
    a.head_size = result->mic ? HEAD_MAX : MIC_AT;
    a407_buf_init(&a.body, 2 * A407_NTLM_MESSAGE_MAX);
    a407_buf_init(&a.nt, A407_NTLM_MESSAGE_MAX + 2048);
    bool ok = fill(&a, why) && (!result->mic || add_mic(&a, challenge)) &&
              a407_buf_add(out, a.head, a.head_size) &&
              a407_buf_add(out, a.body.p, a.body.n);
    a407_buf_free(&a.body);
    a407_buf_free(&a.nt);
    a407_wipe(&a, sizeof a);
    if (!ok) {
        a407_buf_undo(out, start);
        a407_wipe(result, sizeof *result);
    }
    return ok;
}
