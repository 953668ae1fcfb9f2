/* SPDX-License-Identifier: MIT */
#include "der.h"

bool a407_der_take(struct a407_span *in, unsigned char *tag,
                   struct a407_span *content)
{
    const unsigned char *p = (const unsigned char *)in->p;
    size_t at = 2, n;
    if (in->n < 2 || (p[0] & 0x1f) == 0x1f)
        return false;
    n = p[1];
    if (n >= 0x80) {
        size_t digits = n & 0x7f;
        if (!digits || digits > 4 || in->n - at < digits)
            return false;
        for (n = 0; digits; digits--)
            n = n << 8 | p[at++];
    }
    if (n > in->n - at)
        return false;
    *tag = p[0];
    *content = a407_span(in->p + at, n);
    *in = a407_span(in->p + at + n, in->n - at - n);
    return true;
}

bool a407_der_expect(struct a407_span *in, unsigned char tag,
                     struct a407_span *content)
{
    struct a407_span rest = *in;
    unsigned char found;
    if (!a407_der_take(&rest, &found, content) || found != tag)
        return false;
    *in = rest;
    return true;
}

/* How many bytes a length takes besides its first one. */
static unsigned long_digits(size_t n)
{
    unsigned digits = 0;
    if (n >= 0x80)
        for (; n; n >>= 8)
            digits++;
    return digits;
}

bool a407_der_head(struct a407_buf *out, unsigned char tag, size_t n)
{
    unsigned char text[2 + sizeof n] = {tag, (unsigned char)n};
    unsigned digits = long_digits(n);
    if (digits)
        text[1] = (unsigned char)(0x80 | digits);
    for (unsigned i = 0; i < digits; i++)
        text[2 + i] = (unsigned char)(n >> (8 * (digits - 1 - i)));
    return a407_buf_add(out, text, 2 + digits);
}

size_t a407_der_size(size_t n)
{
    return 2 + long_digits(n) + n;
}
