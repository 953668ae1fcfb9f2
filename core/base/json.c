/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "text_put.h"

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
