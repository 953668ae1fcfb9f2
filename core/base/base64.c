/* SPDX-License-Identifier: MIT */
#include "base64.h"

#include <nettle/base64.h>

bool a407_base64_add(struct a407_buf *out, struct a407_span raw)
{
    size_t n = BASE64_ENCODE_RAW_LENGTH(raw.n);
    if (!raw.n)
        return !out->failed;
    if (out->failed || raw.n > out->max || !a407_buf_reserve(out, out->n + n)) {
        out->failed = true;
        return false;
    }
    base64_encode_raw(out->p + out->n, raw.n, (const uint8_t *)raw.p);
    out->n += n;
    return true;
}

static bool decode(struct a407_span text, char *raw, size_t *n, bool whole)
{
    struct base64_decode_ctx ctx;
    if (!text.p || BASE64_DECODE_LENGTH(text.n) > *n)
        return false;
    base64_decode_init(&ctx);
    bool ok = base64_decode_update(&ctx, n, (uint8_t *)raw, text.n, text.p) &&
              (!whole || base64_decode_final(&ctx));
    a407_wipe(&ctx, sizeof ctx);
    return ok;
}

bool a407_base64_take(struct a407_buf *out, struct a407_span text)
{
    size_t n = A407_BASE64_RAW(text.n);
    if (!text.n)
        return true;
    if (text.n > 2 * out->max || !a407_buf_reserve(out, out->n + n) ||
        !decode(text, out->p + out->n, &n, true))
        return false;
    out->n += n;
    return true;
}

bool a407_base64_decode(struct a407_span text, char *raw, size_t *n)
{
    return decode(text, raw, n, false);
}
