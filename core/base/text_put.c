/* SPDX-License-Identifier: MIT */
#include "text_put.h"

#include "bytes.h"

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
        unsigned c = a407_get_le16(s.p + i);
        bool high = c >= 0xd800 && c < 0xdc00;
        unsigned low = high && i + 3 < s.n ? a407_get_le16(s.p + i + 2) : 0;
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

static bool in_range(unsigned c, unsigned lo, unsigned hi)
{
    return c >= lo && c <= hi;
}

size_t a407_utf8_next(struct a407_span s, unsigned *c)
{
    const unsigned char *p = (const unsigned char *)s.p;
    unsigned lead = *c = p[0];
    if (lead < 0x80)
        return 1;
    size_t want = in_range(lead, 0xc2, 0xdf)   ? 2
                  : in_range(lead, 0xe0, 0xef) ? 3
                  : in_range(lead, 0xf0, 0xf4) ? 4
                                               : 0;
    if (want == 0 || s.n < want)
        return 0;
    unsigned lo = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned hi = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (!in_range(p[1], lo, hi))
        return 0;
    *c = lead & (0x7fu >> want);
    for (size_t i = 1; i < want; i++) {
        if (!in_range(p[i], 0x80, 0xbf))
            return 0;
        *c = *c << 6 | (p[i] & 0x3fu);
    }
    return want;
}

bool a407_is_control(unsigned c)
{
    return c < 0x20 || in_range(c, 0x7f, 0x9f) || c == 0x061c ||
           in_range(c, 0x200b, 0x200f) || in_range(c, 0x2028, 0x202e) ||
           in_range(c, 0x2066, 0x2069) || c == 0xfeff;
}
