/* SPDX-License-Identifier: MIT */
#include "gss_protocol.h"

#include <nettle/base64.h>

struct a407_span a407_gss_field(struct a407_span message, const char *key)
{
    size_t n = strlen(key);
    const char *p = message.p, *end = message.p + message.n;
    while (p && p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop)
            stop = end;
        if ((size_t)(stop - p) > n && memcmp(p, key, n) == 0 && p[n] == '=')
            return a407_span(p + n + 1, (size_t)(stop - p) - n - 1);
        p = stop + 1;
    }
    return a407_span(NULL, 0);
}

bool a407_gss_put(struct a407_buf *message, const char *key, const char *value)
{
    if (strpbrk(value, "\r\n"))
        return false;
    return a407_buf_str(message, key) && a407_buf_str(message, "=") &&
           a407_buf_str(message, value) && a407_buf_str(message, "\n");
}

bool a407_gss_put_token(struct a407_buf *message, struct a407_span token)
{
    size_t n = BASE64_ENCODE_RAW_LENGTH(token.n);
    if (token.n > message->max || !a407_buf_str(message, "token=") ||
        !a407_buf_reserve(message, message->n + n + 1)) {
        message->failed = true;
        return false;
    }
    base64_encode_raw(message->p + message->n, token.n,
                      (const uint8_t *)token.p);
    message->n += n;
    return a407_buf_str(message, "\n");
}

bool a407_gss_token(struct a407_span message, struct a407_buf *out)
{
    struct a407_span text = a407_gss_field(message, "token");
    struct base64_decode_ctx ctx;
    size_t n = BASE64_DECODE_LENGTH(text.n);
    if (!text.n || !a407_buf_reserve(out, out->n + n))
        return false;
    base64_decode_init(&ctx);
    if (!base64_decode_update(&ctx, &n, (uint8_t *)out->p + out->n, text.n,
                              text.p) ||
        !base64_decode_final(&ctx))
        return false;
    out->n += n;
    return true;
}
