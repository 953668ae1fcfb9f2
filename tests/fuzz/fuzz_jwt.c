/* SPDX-License-Identifier: MIT */
/* The times of a JWT: as a token, and as the payload of one. */
#include "fuzz.h"

#include <nettle/base64.h>

#include "core/base/jwt.h"

static void check(const char *p, size_t n)
{
    struct a407_jwt a;
    char *copy = exact(p, n);
    bool is = a407_jwt_read(a407_span(copy, n), &a);
    must(is || (!a.expires && !a.not_before));
    must(a.expires >= 0 && a.not_before >= 0);
    must(a407_jwt_expiry(a407_span(copy, n)) == a.expires);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char header[] = "eyJhbGciOiJub25lIn0.";
    char token[16384];
    check((const char *)data, n);
    if (n > 8192)
        return 0;
    size_t len = BASE64_ENCODE_RAW_LENGTH(n), at = sizeof header - 1;
    memcpy(token, header, at);
    base64_encode_raw(token + at, n, data);
    while (len && token[at + len - 1] == '=')
        len--;
    for (size_t i = at; i < at + len; i++)
        token[i] = token[i] == '+' ? '-' : token[i] == '/' ? '_' : token[i];
    token[at + len] = '.';
    check(token, at + len + 1);
    return 0;
}
