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

bool a407_der_wrap(struct a407_buf *out, size_t from, unsigned char tag)
{
    size_t n = out->n - from, size = 2;
    unsigned char head[2 + sizeof n] = {tag, (unsigned char)n};
    if (n >= 0x80) {
        for (size_t left = n; left; left >>= 8)
            size++;
        head[1] = (unsigned char)(0x80 | (size - 2));
        for (size_t i = size, left = n; i-- > 2; left >>= 8)
            head[i] = (unsigned char)left;
    }
    if (!a407_buf_add(out, head, size))
        return false;
    memmove(out->p + from + size, out->p + from, n);
    memcpy(out->p + from, head, size);
    return true;
}
