/* SPDX-License-Identifier: MIT */
#include "auth_text.h"

#include "text_put.h"

bool a407_text_has_control(struct a407_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (a407_is_ctl(s.p[i]))
            return true;
    return false;
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

void a407_text_undo(struct a407_buf *out, size_t n)
{
    if (out->n <= n)
        return;
    a407_wipe(out->p + n, out->n - n);
    out->n = n;
}
