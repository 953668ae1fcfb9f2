/* SPDX-License-Identifier: MIT */
/* NTLM: the Type 2, and its target info on the way back to its server. */
#include "core/base/bytes.h"
#include "core/base/utf16.h"
#include "core/config/credential.h"
#include "ntlm_message.h"

/* Where the fields of a Type 2 lie (MS-NLMP section 2.2.1.2). */
#define FLAGS_AT       20
#define NONCE_AT       24
#define TARGET_INFO_AT 40
#define SHORTEST       32 /* servers of old end after the nonce */

bool a407_ntlm_is(struct a407_span m, uint32_t type)
{
    return m.n >= 12 && memcmp(m.p, "NTLMSSP", 8) == 0 &&
           a407_get_le32(m.p + 8) == type;
}

/*
 * Takes the next pair off the front. False: the list is over, or, with
 * `*broken` set, a pair is cut off. A list without its EOL ends where its bytes
 * do.
 */
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
    out->flags = a407_get_le32(m.p + FLAGS_AT);
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

/*
 * The pairs as they came, and behind them ours (MS-NLMP section 3.1.5.1.2). A
 * server that sends no time is older than all of those: it gets its own back
 * alone, as its contemporaries did it.
 */
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

bool a407_ntlm_write_v2_blob(struct a407_buf *out,
                             const struct a407_ntlm_challenge *ch,
                             const struct a407_ntlm_login *login,
                             const uint8_t nonce[8])
{
    /* tenths of a microsecond since 1601 */
    uint64_t ticks = ((uint64_t)login->now + 11644473600u) * 10000000u;
    uint8_t time[8];
    a407_put_le(time, sizeof time, ticks);
    return a407_buf_add(out, "\1\1\0\0\0\0\0", 8) &&
           a407_buf_add(out, ch->timed ? ch->time : time, 8) &&
           a407_buf_add(out, nonce, 8) && a407_buf_add(out, "\0\0\0", 4) &&
           (!ch->target_info.p || add_target_info(out, ch, login->host)) &&
           a407_buf_add(out, "\0\0\0", 4);
}
