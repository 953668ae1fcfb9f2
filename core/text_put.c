/* SPDX-License-Identifier: MIT */
#include "text_put.h"

static bool goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void a407_put(char *out, size_t cap, struct a407_span s)
{
    size_t n = s.n;
    if (n > cap - 1) {
        n = cap - 1;
        while (n && goes_on(s.p[n]))
            n--;
    }
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

static unsigned unit(struct a407_span s, size_t i)
{
    return (unsigned char)s.p[i] | (unsigned)(unsigned char)s.p[i + 1] << 8;
}

/* RFC 3629 section 3. Returns the number of bytes. */
static size_t encode(unsigned c, char *to)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(lead[n] | c);
    return n;
}

void a407_put_utf16(char *out, size_t cap, struct a407_span s)
{
    size_t at = 0;
    for (size_t i = 0; i + 1 < s.n; i += 2) {
        char bytes[4];
        unsigned c = unit(s, i);
        bool high = c >= 0xd800 && c < 0xdc00;
        unsigned low = high && i + 3 < s.n ? unit(s, i + 2) : 0;
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        } else if (c >= 0xd800 && c < 0xe000) {
            c = 0xfffd;
        }
        size_t n = encode(c ? c : 0xfffd, bytes);
        if (n > cap - 1 - at)
            break;
        memcpy(out + at, bytes, n);
        at += n;
    }
    out[at] = '\0';
}
