/* SPDX-License-Identifier: MIT */
#include "gss_protocol.h"

#include "core/base/base64.h"

struct a407_span a407_gss_field(struct a407_span message, const char *key)
{
    struct a407_span line, name;
    while (a407_span_cut(&message, '\n', &line))
        if (a407_span_find(line, '=') && a407_span_cut(&line, '=', &name) &&
            a407_span_eq(name, key))
            return line;
    return a407_span(NULL, 0);
}

bool a407_gss_put(struct a407_buf *message, const char *key, const char *value)
{
    if (strpbrk(value, "\r\n"))
        return false;
    return a407_buf_str(message, key) && a407_buf_str(message, "=") &&
           a407_buf_str(message, value) && a407_buf_str(message, "\n");
}

bool a407_gss_put_token(struct a407_buf *message, struct a407_span token)
{
    return a407_buf_str(message, "token=") && a407_base64_add(message, token) &&
           a407_buf_str(message, "\n");
}

bool a407_gss_token(struct a407_span message, struct a407_buf *out)
{
    struct a407_span text = a407_gss_field(message, "token");
    return text.n && a407_base64_take(out, text);
}
