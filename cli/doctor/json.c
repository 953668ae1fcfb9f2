/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "core/base/text.h"
#include "doctor.h"

/* A member, unless its text is empty. */
static void member(struct a407_buf *b, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    if (b->n && b->p[b->n - 1] != '{')
        a407_buf_str(b, ",");
    a407_buf_fmt(b, "\"%s\":", name);
    a407_json_string(b, a407_span_str(text));
}

static void write_row(struct a407_buf *b, const struct a407_row *row)
{
    static const char *const statuses[] = {"ok", "note", "warning", "failure"};

    a407_buf_str(b, "{");
    member(b, "section", a407_sections[row->section]);
    member(b, "status", statuses[row->status]);
    member(b, "code", row->code);
    member(b, "what", row->what);
    member(b, "seen", row->seen);
    if (row->status >= A407_WARNING)
        member(b, "remedy", row->remedy);
    a407_buf_str(b, "}");
}

static void write_verdict(struct a407_buf *b, const struct a407_doctor *d)
{
    const struct a407_row *row = a407_rows_verdict(&d->rows);

    a407_buf_str(b, "\"verdict\":{");
    member(b, "status", row ? "cause" : d->works ? "works" : "unknown");
    if (row) {
        member(b, "code", row->code);
        member(b, "sentence", row->sentence);
        member(b, "seen", row->seen);
        member(b, "remedy", row->remedy);
    } else if (d->works) {
        member(b, "sentence", d->how);
    }
    a407_buf_str(b, "}");
}

bool a407_doctor_write_json(const struct a407_doctor *d, FILE *f)
{
    struct a407_buf b;
    bool good;
    size_t i;

    a407_buf_init(&b, SIZE_MAX);
    a407_buf_str(&b, "{\"schema\":1,");
    write_verdict(&b, d);
    if (d->proxy.port) {
        a407_buf_str(&b, ",\"proxy\":{");
        member(&b, "address", d->proxy.host);
        a407_buf_fmt(&b, ",\"port\":%u,\"tls\":%s", d->proxy.port,
                     d->tls ? "true" : "false");
        member(&b, "from", d->proxy_from);
        a407_buf_str(&b, "}");
    }
    member(&b, "target", d->o.target.url);
    a407_buf_str(&b, ",\"checks\":[");
    for (i = 0; i < d->rows.n; i++) {
        a407_buf_str(&b, i ? "," : "");
        write_row(&b, &d->rows.row[i]);
    }
    a407_buf_str(&b, "]}\n");
    good = !b.failed && fwrite(b.p, 1, b.n, f) == b.n;
    a407_buf_free(&b);
    return good;
}
