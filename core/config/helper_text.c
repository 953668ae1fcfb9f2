/* SPDX-License-Identifier: MIT */
#include "helper_text.h"

#include "core/base/text.h"

bool a407_helper_ask(struct a407_buf *out, const struct a407_endpoint *proxy,
                     const char *username)
{
    const char *end = strchr(proxy->host, ':') ? "]" : "";
    size_t start = out->n;
    if (a407_text_has_control(a407_span_str(username)))
        return false;
    /* a capability has to stand before what depends on it */
    a407_buf_str(out, "capability[]=authtype\nprotocol=http\nhost=");
    a407_buf_str(out, *end ? "[" : "");
    a407_buf_str(out, proxy->host);
    a407_buf_str(out, end);
    if (proxy->port)
        a407_buf_fmt(out, ":%u", proxy->port);
    if (username) {
        a407_buf_str(out, "\nusername=");
        a407_buf_str(out, username);
    }
    if (a407_buf_str(out, "\n\n"))
        return true;
    a407_buf_undo(out, start);
    return false;
}

/* Seconds since the epoch; what can't be read says nothing, as with git. */
static int64_t read_time(struct a407_span s)
{
    uint64_t t = 0;
    a407_span_number(s, INT64_MAX, &t);
    return (int64_t)t;
}

/* A truth value in git's spelling (git-config(1), "Values"). */
static bool is_true(struct a407_span s)
{
    return a407_span_eq(s, "1") || a407_span_ieq(s, "true") ||
           a407_span_ieq(s, "yes") || a407_span_ieq(s, "on");
}

const char *a407_helper_read(struct a407_span text,
                             struct a407_helper_answer *out)
{
    struct a407_span line, authtype = {0};
    struct a407_helper_answer a = {0};
    *out = a;
    while (a407_span_line(&text, &line) && line.n) {
        struct a407_span key, value = line;
        if (a407_text_has_control(line))
            return "a control character";
        if (!a407_span_find(line, '=') || !a407_span_cut(&value, '=', &key))
            return "a line that is not KEY=VALUE";
        if (a407_span_eq(key, "username"))
            a.username = value;
        else if (a407_span_eq(key, "password"))
            a.password = value;
        else if (a407_span_eq(key, "authtype"))
            authtype = value;
        else if (a407_span_eq(key, "credential"))
            a.token = value;
        else if (a407_span_eq(key, "password_expiry_utc"))
            a.expires = read_time(value);
        else if (a407_span_eq(key, "quit"))
            a.quit = is_true(value);
    }
    /* empty: as if it were not said, so that a later line can take it back */
    if (!authtype.n)
        authtype.p = NULL;
    if (a.token.p && !authtype.p)
        return "a credential without its authtype";
    if (authtype.p && !a407_span_ieq(authtype, "Bearer"))
        return "an authtype other than Bearer";
    *out = a;
    return NULL;
}
