/* SPDX-License-Identifier: MIT */
#include "journal_msg.h"

#include "summary.h"

/* More than the parts of a summary can come to. */
#define TEXT_MAX 4096

void a407_journal_field(struct a407_buf *out, const char *name,
                        struct a407_span value)
{
    a407_buf_str(out, name);
    if (value.n && memchr(value.p, '\n', value.n)) {
        char length[8];
        for (unsigned i = 0; i < sizeof length; i++)
            length[i] = (char)((uint64_t)value.n >> (8 * i) & 0xff);
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

static void add_proxy(struct a407_buf *out, const struct a407_endpoint *proxy)
{
    bool v6 = strchr(proxy->host, ':') != NULL;
    a407_buf_fmt(out, "AUTH407_PROXY=%s%s%s:%u\n", v6 ? "[" : "", proxy->host,
                 v6 ? "]" : "", (unsigned)proxy->port);
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
    add_proxy(out, &e->proxy);
    add_status(out, "AUTH407_STATUS", e->status);
    add_status(out, "AUTH407_FINAL_STATUS", e->final_status);
    add_text(out, "AUTH407_EXECUTABLE", e->process.executable);
    add_text(out, "AUTH407_MODULE", e->process.caller_module);
    add_text(out, "AUTH407_TARGET", e->target);
}

bool a407_journal_entry(const struct a407_event *e, const char *problem,
                        const struct a407_buf *line, struct a407_buf *out)
{
    size_t n = line->n && line->p[line->n - 1] == '\n' ? line->n - 1 : line->n;
    a407_buf_fmt(out, "SYSLOG_IDENTIFIER=auth407\nPRIORITY=%d\n",
                 a407_summary_severity(e));
    if (e)
        add_event(out, e);
    else
        a407_journal_field(out, "MESSAGE", a407_span_str(problem));
    a407_journal_field(out, "AUTH407_RECORD", a407_span(line->p, n));
    return !out->failed;
}
