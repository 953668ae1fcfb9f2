/* SPDX-License-Identifier: MIT */
#include "utf16.h"

#include "bytes.h"
#include "text_put.h"

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
