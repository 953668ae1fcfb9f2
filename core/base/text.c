/* SPDX-License-Identifier: MIT */
#include "text.h"

#include "bytes.h"

/* ---- checks ---- */

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

int a407_percent_byte(struct a407_span s)
{
    int high = s.n > 2 && s.p[0] == '%' ? a407_hex_value(s.p[1]) : -1;
    int low = high >= 0 ? a407_hex_value(s.p[2]) : -1;
    return low >= 0 ? high * 16 + low : -1;
}

bool a407_is_control(unsigned c)
{
    /* controls (C0, DEL, C1), Default_Ignorable_Code_Point (Unicode standard
       annex 44), separators of lines, and what HTML does not allow */
    static const unsigned ranges[][2] = {
        {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},
        {0x034f, 0x034f},   {0x061c, 0x061c},   {0x115f, 0x1160},
        {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},
        {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
        {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
        {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    if (in_range(c, 0x20, 0x7e))
        return false;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (in_range(c, ranges[i][0], ranges[i][1]))
            return true;
    return false;
}

bool a407_text_has_control(struct a407_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (a407_is_ctl(s.p[i]))
            return true;
    return false;
}

void a407_text_make_plain(char *z)
{
    struct a407_span s = a407_span_str(z);
    char *to = z;
    while (s.n) {
        unsigned c;
        size_t n = a407_utf8_next(s, &c);
        bool good = n && !a407_is_control(c);
        n = n ? n : 1;
        if (good)
            memmove(to, s.p, n);
        else
            *to = '?';
        to += good ? n : 1;
        s = a407_span_skip(s, n);
    }
    *to = '\0';
}

bool a407_text_is_ascii(struct a407_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] > 0x7f)
            return false;
    return true;
}

bool a407_text_is_utf8(struct a407_span s)
{
    unsigned c;
    for (size_t n; s.n; s = a407_span(s.p + n, s.n - n))
        if (!(n = a407_utf8_next(s, &c)))
            return false;
    return true;
}

/* ---- UTF-16 ---- */

/* towupper() would ask the locale, which is the program's. */
static const struct {
    uint16_t first, last, step, delta;
} runs[] = {
#define A407_UPPER(first, last, step, delta) {first, last, step, delta},
#include "utf16_upper.def"
#undef A407_UPPER
};

uint16_t a407_utf16_upper(uint16_t unit)
{
    size_t low = 0, high = sizeof runs / sizeof *runs;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (unit > runs[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == sizeof runs / sizeof *runs || unit < runs[low].first ||
        (unit - runs[low].first) % runs[low].step)
        return unit;
    return (uint16_t)(unit + runs[low].delta);
}

static bool add_unit(struct a407_buf *out, uint32_t unit)
{
    unsigned char pair[2];
    a407_put_le(pair, sizeof pair, unit);
    return a407_buf_add(out, pair, 2);
}

static bool add(struct a407_buf *out, struct a407_span s, bool upper)
{
    unsigned c;
    for (size_t n; s.n; s = a407_span(s.p + n, s.n - n)) {
        if (!(n = a407_utf8_next(s, &c)))
            return false;
        if (c > 0xffff) {
            c -= 0x10000;
            if (!add_unit(out, 0xd800 | c >> 10))
                return false;
            c = 0xdc00 | (c & 0x3ff);
        } else if (upper) {
            c = a407_utf16_upper((uint16_t)c);
        }
        if (!add_unit(out, c))
            return false;
    }
    return true;
}

bool a407_utf16_add(struct a407_buf *out, struct a407_span utf8)
{
    return add(out, utf8, false);
}

bool a407_utf16_add_upper(struct a407_buf *out, struct a407_span utf8)
{
    return add(out, utf8, true);
}

/* ---- into memory ---- */

void a407_put(char *out, size_t cap, struct a407_span s)
{
    size_t n = s.n < cap ? s.n : a407_utf8_floor(s.p, cap - 1);
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

/* ---- quoted ---- */

bool a407_text_quote(struct a407_buf *out, struct a407_span s)
{
    a407_buf_add(out, "\"", 1);
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '"' && s.p[i] != '\\')
            continue;
        a407_buf_add(out, s.p + from, i - from);
        a407_buf_add(out, "\\", 1);
        from = i;
    }
    a407_buf_add(out, s.p + from, s.n - from);
    return a407_buf_add(out, "\"", 1);
}

/* attr-char of RFC 8187 section 3.2.1: what stands for itself. */
static bool is_attr_char(char c)
{
    return a407_is_alnum(c) || (c && strchr("!#$&+-.^_`|~", c));
}

bool a407_text_ext_value(struct a407_buf *out, struct a407_span s)
{
    bool ok = a407_buf_str(out, "UTF-8''");
    for (size_t i = 0; ok && i < s.n; i++) {
        if (is_attr_char(s.p[i]))
            ok = a407_buf_add(out, s.p + i, 1);
        else
            ok = a407_buf_fmt(out, "%%%02X", (unsigned char)s.p[i]);
    }
    return ok;
}

/* RFC 8259 section 7: the quote, the backslash and what is below U+0020; and
   what a terminal that shows the line would obey. */
static bool escape(struct a407_buf *out, unsigned c)
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
        if (c > 0xffff) /* a surrogate pair */
            return a407_buf_fmt(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
                                0xdc00 | (c & 0x3ff));
        return a407_buf_fmt(out, "\\u%04x", c);
    }
}

void a407_json_string(struct a407_buf *out, struct a407_span s)
{
    size_t from = 0, i = 0; /* from..i: to be copied as it is */
    a407_buf_str(out, "\"");
    while (i < s.n && !out->failed) {
        unsigned c;
        size_t len = a407_utf8_next(a407_span(s.p + i, s.n - i), &c);
        if (len && c != '"' && c != '\\' && !a407_is_control(c)) {
            i += len;
            continue;
        }
        a407_buf_add(out, s.p + from, i - from);
        if (len)
            escape(out, c);
        else
            a407_buf_str(out, "\xef\xbf\xbd"); /* U+FFFD */
        from = i += len ? len : 1;
    }
    if (i > from)
        a407_buf_add(out, s.p + from, i - from);
    a407_buf_str(out, "\"");
}
