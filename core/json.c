/* SPDX-License-Identifier: MIT */
#include "event.h"

static bool in_range(unsigned char c, unsigned char lo, unsigned char hi)
{
    return c >= lo && c <= hi;
}

/*
 * The length of the well-formed UTF-8 sequence at p, 0 if there is none
 * (Unicode, table 3-7: neither overlong forms nor surrogates).
 */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    size_t want = in_range(c, 0xc2, 0xdf)   ? 2
                  : in_range(c, 0xe0, 0xef) ? 3
                  : in_range(c, 0xf0, 0xf4) ? 4
                                            : 0;
    if (want == 0 || n < want)
        return 0;
    unsigned char lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (!in_range(p[1], lo, hi))
        return 0;
    for (size_t i = 2; i < want; i++)
        if (!in_range(p[i], 0x80, 0xbf))
            return 0;
    return want;
}

/* RFC 8259 section 7: the quote, the backslash and what is below U+0020. */
static bool escape(struct a407_buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        return a407_buf_str(out, "\\\"");
    case '\\':
        return a407_buf_str(out, "\\\\");
    case '\n':
        return a407_buf_str(out, "\\n");
    case '\r':
        return a407_buf_str(out, "\\r");
    case '\t':
        return a407_buf_str(out, "\\t");
    default:
        return a407_buf_fmt(out, "\\u%04x", c);
    }
}

void a407_json_string(struct a407_buf *out, struct a407_span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t from = 0, i = 0; /* from..i: to be copied as it is */
    a407_buf_str(out, "\"");
    while (i < s.n && !out->failed) {
        size_t len = utf8_length(p + i, s.n - i);
        bool plain = len > 1 ||
                     (len == 1 && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\');
        if (plain) {
            i += len;
            continue;
        }
        a407_buf_add(out, s.p + from, i - from);
        if (len == 1)
            escape(out, p[i]);
        else
            a407_buf_str(out, "\xef\xbf\xbd"); /* U+FFFD */
        from = ++i;
    }
    if (i > from)
        a407_buf_add(out, s.p + from, i - from);
    a407_buf_str(out, "\"");
}
