/* SPDX-License-Identifier: MIT */
#include "json_check.h"

#include <string.h>
#include <yajl/yajl_parse.h>

/* RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. */
static bool utf8(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = p[i];
        size_t k = c < 0x80   ? 0
                   : c < 0xc2 ? 9
                   : c < 0xe0 ? 1
                   : c < 0xf0 ? 2
                              : 3;
        if (c > 0xf4 || k > n - i - 1)
            return false;
        unsigned char d = k ? p[i + 1] : 0;
        if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) ||
            (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f))
            return false;
        for (size_t m = 1; m <= k; m++)
            if ((p[i + m] & 0xc0) != 0x80)
                return false;
        i += k + 1;
    }
    return true;
}

bool json_valid(const char *p, size_t n)
{
    const unsigned char *text = (const unsigned char *)p;
    yajl_handle y = yajl_alloc(NULL, NULL, NULL);
    bool ok = y && !memchr(p, '\n', n) && utf8(text, n) &&
              yajl_parse(y, text, n) == yajl_status_ok &&
              yajl_complete_parse(y) == yajl_status_ok;
    if (y)
        yajl_free(y);
    return ok;
}
