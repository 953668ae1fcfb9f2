/* SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "cli/report/report.h"

#include <inttypes.h>

/* The shape is in docs/report-schema.json. */

#define STRING_MAX ((size_t)64 << 10) /* of one string, escaped */

void a407_report_json_put(FILE *f, const char *json, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)json[i];
        unsigned char next = i + 1 < n ? (unsigned char)json[i + 1] : 0;

        if (c == 0x7f) {
            fputs("\\u007f", f);
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            fprintf(f, "\\u00%02x", next);
            i++;
        } else {
            fputc(c, f);
        }
    }
}

static void string(FILE *f, const char *z)
{
    struct a407_buf out;

    a407_buf_init(&out, STRING_MAX);
    a407_json_string(&out, a407_span_str(z));
    if (!out.failed)
        a407_report_json_put(f, out.p, out.n);
    else
        fputs("null", f);
    a407_buf_free(&out);
}

static void member(FILE *f, const char *name, const char *z)
{
    fprintf(f, ",\"%s\":", name);
    string(f, z);
}

/* null for an empty string */
static void known(FILE *f, const char *name, const char *z)
{
    if (*z)
        member(f, name, z);
    else
        fprintf(f, ",\"%s\":null", name);
}

static void moment(FILE *f, const char *name, bool is, int64_t us)
{
    char text[32];

    a407_report_time_utc(us, text);
    known(f, name, is ? text : "");
}

static void counts(FILE *f, const uint64_t *n)
{
    size_t i;

    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        fprintf(f, "%s\"%s\":%" PRIu64, i ? "," : "{",
                a407_outcome_name((enum a407_outcome)i), n[i]);
    fputc('}', f);
}

/* Members of an object that has one already. */
static void tally(FILE *f, const struct a407_report_tally *t)
{
    fprintf(f, ",\"total\":%" PRIu64 ",\"left_unresolved\":%" PRIu64, t->total,
            t->unresolved);
    fputs(",\"outcomes\":", f);
    counts(f, t->outcome);
    moment(f, "first_seen", t->total, t->first_us);
    moment(f, "last_seen", t->total, t->last_us);
}

static void input(FILE *f, const struct a407_report_input *in)
{
    fprintf(f,
            ",\"input\":{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64
            ",\"lines\":%" PRIu64 ",\"torn\":%" PRIu64 ",\"foreign\":%" PRIu64
            ",\"newer\":%" PRIu64 ",\"unknown\":%" PRIu64
            ",\"problems\":%" PRIu64 ",\"without_407\":%" PRIu64
            ",\"filtered\":%" PRIu64 ",\"lost\":%" PRIu64 "}",
            in->files, in->bytes, in->lines, in->torn, in->foreign, in->newer,
            in->unknown, in->problems, in->without_407, in->filtered, in->lost);
}

static void advice(FILE *f, const struct a407_report_finding *x)
{
    struct a407_report_advice a;

    a407_report_advise(x, &a);
    fputs(",\"advice\":{\"where\":", f);
    string(f, a.where);
    member(f, "line", a.line);
    member(f, "text", a.text);
    fprintf(f, ",\"auth407_would_do\":%s", *a.command ? "true" : "false");
    member(f, "auth407_command", a.command);
    fprintf(f, ",\"auth407_command_needs_line\":%s}",
            a.command_needs_line ? "true" : "false");
}

static void finding(FILE *f, const struct a407_report_finding *x)
{
    static const char *const groups[] = {"dropped", "never_sent", "other"};

    fputs("{\"group\":", f);
    string(f, groups[a407_report_group(x)]);
    member(f, "cause", x->cause);
    known(f, "meaning",
          x->cause_id < A407_CAUSE_COUNT ? a407_cause_info(x->cause_id)->meaning
                                         : "");
    member(f, "binary", x->binary);
    known(f, "executable", x->path);
    known(f, "script", x->script);
    known(f, "module", x->module);
    member(f, "proxy", x->proxy);
    known(f, "detail", x->detail);
    known(f, "credential", x->credential);
    fprintf(f, ",\"after_sending\":%" PRIu64, x->after_sending);
    tally(f, &x->tally);
    advice(f, x);
    fputc('}', f);
}

static void findings(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report *r = v->report;
    size_t i, n = v->top && v->top < r->n_findings ? v->top : r->n_findings;

    fputs(",\"findings\":[", f);
    for (i = 0; i < n; i++) {
        fputs(i ? ",\n" : "\n", f);
        finding(f, &r->findings[i]);
    }
    fprintf(f, "],\"findings_omitted\":%zu", r->n_findings - n);
    fprintf(f, ",\"findings_beyond_limit\":%" PRIu64, r->findings_others.total);
}

static void table(const struct a407_report_view *v, FILE *f,
                  const struct a407_report_table *t, const char *key)
{
    size_t i, n = v->top && v->top < t->n ? v->top : t->n;

    fprintf(f, "\"%s\":{\"rows\":[", t->name);
    for (i = 0; i < n; i++) {
        fprintf(f, "%s{\"%s\":", i ? ",\n" : "\n", key);
        string(f, t->rows[i].key);
        tally(f, &t->rows[i].tally);
        fputc('}', f);
    }
    fprintf(f, "],\"omitted\":%zu,\"others\":{\"limit\":%d", t->n - n,
            A407_REPORT_KEYS);
    tally(f, &t->others);
    fputs("}}", f);
}

static void timeline(FILE *f, const struct a407_report_timeline *t)
{
    size_t i;

    fputs(",\"timeline\":{\"bucket_seconds\":", f);
    fprintf(f, "%" PRId64, t->n ? t->width_us / 1000000 : 1);
    moment(f, "start", t->n, t->start_us);
    fputs(",\"buckets\":[", f);
    for (i = 0; i < t->n; i++) {
        fputs(i ? "," : "", f);
        counts(f, t->count[i]);
    }
    fputs("]}", f);
}

bool a407_report_json(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report *r = v->report;
    size_t i;

    fputs("{\"schema\":1,\"report\":\"auth407\"", f);
    known(f, "filters", v->filters);
    input(f, &r->input);
    fputs(",\"all\":{\"meaning\":\"exchanges with a 407\"", f);
    tally(f, &r->all);
    fputs("}", f);
    findings(v, f);
    fputs(",\"tables\":{", f);
    for (i = 0; i < A407_REPORT_TABLES; i++) {
        fputs(i ? "," : "", f);
        table(v, f, &r->tables[i], "key");
    }
    fputs("},", f);
    table(v, f, &r->problem_texts, "message");
    timeline(f, &r->timeline);
    if (v->access) {
        fputs(",\n\"access_log\":", f);
        a407_report_access_json(v->access, f, 0);
    }
    fputs("}\n", f);
    return !r->out_of_memory;
}
