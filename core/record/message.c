/* SPDX-License-Identifier: MIT */
#include "message.h"

#include "core/base/bytes.h"
#include "core/base/text.h"

/* ---- how bad it is, and what happened, in words ---- */

enum { ERROR = 3, WARNING = 4, NOTICE = 5, INFORMATIONAL = 6 };

int a407_severity(const struct a407_event *e)
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

static void add_proxy(struct a407_buf *out, const char *before,
                      const struct a407_endpoint *proxy)
{
    bool v6 = strchr(proxy->host, ':') != NULL;
    a407_buf_str(out, before);
    add_plain(out, v6 ? "[" : "", proxy->host);
    a407_buf_fmt(out, "%s:%u", v6 ? "]" : "", (unsigned)proxy->port);
}

static void add_program(struct a407_buf *out, const struct a407_event *e)
{
    const char *slash = strrchr(e->process.executable, '/');
    const char *name = slash ? slash + 1 : e->process.executable;
    add_plain(out, "", *name ? name : "(unknown program)");
}

bool a407_summary_text(const struct a407_event *e, struct a407_buf *out)
{
    add_program(out, e);
    if (e->status)
        a407_buf_fmt(out, ": %d", e->status);
    add_proxy(out, e->status ? " from " : ": no answer from ", &e->proxy);
    add_plain(out, " to ", e->method);
    add_plain(out, " ", e->target);
    add_plain(out, ": ", a407_outcome_name(e->outcome));
    if (e->cause != A407_CAUSE_NONE)
        add_plain(out, ", ", a407_cause_info(e->cause)->code);
    if (e->detail[0])
        add_plain(out, ": ", e->detail);
    return !out->failed;
}

/* ---- syslog ---- */

#define FACILITY_USER 1
#define HOST_MOST     255 /* RFC 5424 section 6: HOSTNAME */

static bool printable(const char *z)
{
    size_t n = strlen(z);
    for (size_t i = 0; i < n; i++)
        if (z[i] < '!' || z[i] > '~')
            return false;
    return n > 0 && n <= HOST_MOST;
}

bool a407_syslog_message(const struct a407_record *r, const char *host,
                         struct a407_buf *line, struct a407_buf *out)
{
    size_t start = out->n;
    a407_buf_fmt(out, "<%d>1 ", FACILITY_USER * 8 + a407_severity(r->event));
    a407_record_time(out, r); /* RFC 5424's TIMESTAMP is that as well */
    a407_buf_fmt(out, " %s auth407 %d %s - @cee:", printable(host) ? host : "-",
                 r->pid,
                 r->not_covered ? "not_covered"
                 : r->event     ? "exchange"
                                : "problem");
    size_t header = out->n - start;
    if (out->failed || !a407_record_fit(r, A407_SYSLOG_MAX - header + 1, line))
        return false;
    return a407_buf_add(out, line->p, line->n - 1);
}

/* ---- the journal ---- */

/* More than the parts of a summary can come to. */
#define TEXT_MAX 4096

void a407_journal_field(struct a407_buf *out, const char *name,
                        struct a407_span value)
{
    a407_buf_str(out, name);
    if (value.n && memchr(value.p, '\n', value.n)) {
        char length[8];
        a407_put_le(length, sizeof length, value.n);
        a407_buf_str(out, "\n");
        a407_buf_add(out, length, sizeof length);
    } else {
        a407_buf_str(out, "=");
    }
    a407_buf_span(out, value);
    a407_buf_str(out, "\n");
}

/* A field without a value tells nothing. */
static void add_text(struct a407_buf *out, const char *name, const char *z)
{
    if (z[0])
        a407_journal_field(out, name, a407_span_str(z));
}

static void add_status(struct a407_buf *out, const char *name, int status)
{
    if (status)
        a407_buf_fmt(out, "%s=%d\n", name, status);
}

static void add_event(struct a407_buf *out, const struct a407_event *e)
{
    struct a407_buf text;
    a407_buf_init(&text, TEXT_MAX);
    a407_summary_text(e, &text); /* as much of it as there is room for */
    a407_journal_field(out, "MESSAGE", a407_span(text.p, text.n));
    a407_buf_free(&text);
    add_text(out, "AUTH407_OUTCOME", a407_outcome_name(e->outcome));
    add_text(out, "AUTH407_CAUSE", a407_cause_info(e->cause)->code);
    add_proxy(out, "AUTH407_PROXY=", &e->proxy);
    a407_buf_str(out, "\n");
    add_status(out, "AUTH407_STATUS", e->status);
    add_status(out, "AUTH407_FINAL_STATUS", e->final_status);
    add_text(out, "AUTH407_EXECUTABLE", e->process.executable);
    add_text(out, "AUTH407_MODULE", e->process.caller_module);
    add_text(out, "AUTH407_TARGET", e->target);
}

static void add_not_covered(struct a407_buf *out, const struct a407_record *r)
{
    a407_buf_str(out, "MESSAGE=");
    add_program(out, r->event);
    add_plain(out, ": not covered: it ", r->event->detail);
    a407_buf_str(out, "\n");
    add_text(out, "AUTH407_REASON", r->not_covered);
    add_text(out, "AUTH407_EXECUTABLE", r->event->process.executable);
}

bool a407_journal_entry(const struct a407_record *r,
                        const struct a407_buf *line, struct a407_buf *out)
{
    size_t n = line->n && line->p[line->n - 1] == '\n' ? line->n - 1 : line->n;
    a407_buf_fmt(out, "SYSLOG_IDENTIFIER=auth407\nPRIORITY=%d\n",
                 a407_severity(r->event));
    if (r->not_covered)
        add_not_covered(out, r);
    else if (r->event)
        add_event(out, r->event);
    else
        a407_journal_field(out, "MESSAGE", a407_span_str(r->problem));
    a407_journal_field(out, "AUTH407_RECORD", a407_span(line->p, n));
    return !out->failed;
}
