/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include "core/base/text_put.h"

enum { ERROR = 3, WARNING = 4, NOTICE = 5, INFORMATIONAL = 6 };

int a407_summary_severity(const struct a407_event *e)
{
    if (!e)
        return ERROR;
    switch (e->outcome) {
    case A407_RESOLVED:
        return INFORMATIONAL;
    case A407_OBSERVED:
        return NOTICE;
    default:
        return WARNING;
    }
}

static void add_plain(struct a407_buf *out, const char *before, const char *z)
{
    struct a407_span s = a407_span_str(z);
    a407_buf_str(out, before);
    for (size_t i = 0, n; i < s.n && !out->failed; i += n ? n : 1) {
        unsigned c;
        n = a407_utf8_next(a407_span(s.p + i, s.n - i), &c);
        if (n && !a407_is_control(c))
            a407_buf_add(out, s.p + i, n);
        else
            a407_buf_str(out, "?");
    }
}

static void add_answer(struct a407_buf *out, const struct a407_event *e)
{
    bool v6 = strchr(e->proxy.host, ':') != NULL;
    if (e->status)
        a407_buf_fmt(out, ": %d from ", e->status);
    else
        a407_buf_str(out, ": no answer from ");
    add_plain(out, v6 ? "[" : "", e->proxy.host);
    a407_buf_fmt(out, "%s:%u", v6 ? "]" : "", (unsigned)e->proxy.port);
}

bool a407_summary_text(const struct a407_event *e, struct a407_buf *out)
{
    const char *slash = strrchr(e->process.executable, '/');
    const char *name = slash ? slash + 1 : e->process.executable;
    add_plain(out, "", *name ? name : "(unknown program)");
    add_answer(out, e);
    add_plain(out, " to ", e->method);
    add_plain(out, " ", e->target);
    add_plain(out, ": ", a407_outcome_name(e->outcome));
    if (e->cause != A407_CAUSE_NONE)
        add_plain(out, ", ", a407_cause_info(e->cause)->code);
    if (e->detail[0])
        add_plain(out, ": ", e->detail);
    return !out->failed;
}
