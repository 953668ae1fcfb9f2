/* SPDX-License-Identifier: MIT */
#include "utf16.h"

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

/*
 * Takes one character off the front of s; 0x110000 when there is none that is
 * well-formed. `least` keeps out overlong forms.
 */
static uint32_t take(struct a407_span *s)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)s->p[0];
    size_t tail = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t c = tail ? first & (0x3fu >> tail) : first;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || s->n <= tail)
        return 0x110000;
    for (size_t i = 1; i <= tail; i++) {
        unsigned char next = (unsigned char)s->p[i];
        if ((next & 0xc0) != 0x80)
            return 0x110000;
        c = c << 6 | (next & 0x3f);
    }
    s->p += tail + 1;
    s->n -= tail + 1;
    return c < least[tail] || (c >= 0xd800 && c <= 0xdfff) ? 0x110000 : c;
}

static bool add_unit(struct a407_buf *out, uint32_t unit)
{
    unsigned char pair[2] = {(unsigned char)unit, (unsigned char)(unit >> 8)};
    return a407_buf_add(out, pair, 2);
}

static bool add(struct a407_buf *out, struct a407_span s, bool upper)
{
    while (s.n) {
        uint32_t c = take(&s);
        if (c > 0x10ffff)
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
