/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"

#include <inttypes.h>

#include "write.h"

/* The shape is in docs/report-schema.json. */

#define PAGE_ROWS 50 /* of the join; JSON and CSV have all */

/* Members, with a comma in front of each; "" stands as null or as it is. */
struct member {
    const char *name, *text;
};
#define MEMBERS(f, null, ...)                                                  \
    members(f, null, (const struct member[]){__VA_ARGS__},                     \
            sizeof((const struct member[]){__VA_ARGS__}) /                     \
                sizeof(struct member))

static void members(FILE *f, bool null, const struct member *m, size_t n)
{
    for (; n; n--, m++) {
        fprintf(f, ",\"%s\":", m->name);
        if (null && !*m->text)
            fputs("null", f);
        else
            a407_report_json_text(f, m->text);
    }
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
    char first[32] = "", last[32] = "";

    fprintf(f, ",\"total\":%" PRIu64 ",\"still_failing\":%" PRIu64, t->total,
            t->unresolved);
    fputs(",\"outcomes\":", f);
    counts(f, t->outcome);
    if (t->total) {
        a407_report_time_show(true, t->first_us, first);
        a407_report_time_show(true, t->last_us, last);
    }
    MEMBERS(f, true, {"first_seen", first}, {"last_seen", last});
}

static void input(FILE *f, const struct a407_report_input *in)
{
    static const char *const names[A407_REPORT_COUNTS] = {
        "files",       "bytes",       "lines",    "torn",
        "foreign",     "newer",       "unknown",  "problems",
        "not_covered", "without_407", "filtered", "lost"};
    size_t i;

    fputs(",\"input\":{", f);
    for (i = 0; i < A407_REPORT_COUNTS; i++)
        fprintf(f, "%s\"%s\":%" PRIu64, i ? "," : "", names[i], in->counts[i]);
    fputc('}', f);
}

static void lint(FILE *f, a407_lint_set seen)
{
    const char *between = "";
    unsigned code;

    fputs(",\"lint\":[", f);
    for (code = 1; code < A407_LINT_COUNT; code++)
        if (seen & A407_LINT_BIT(code)) {
            fprintf(f, "%s\"%s\"", between, a407_lint_info(code)->code);
            between = ",";
        }
    fputc(']', f);
}

static void finding(FILE *f, const struct a407_report_row *x)
{
    static const char *const groups[] = {"dropped", "never_sent", "other"};
    struct a407_report_advice a;

    a407_report_advise(x, &a);
    fprintf(f, "{\"group\":\"%s\"", groups[a407_report_group(x)]);
    MEMBERS(f, true, {"cause", x->cause},
            {"meaning", x->cause_id < A407_CAUSE_COUNT
                            ? a407_cause_info(x->cause_id)->meaning
                            : ""},
            {"binary", x->binary}, {"executable", x->path},
            {"script", x->script}, {"module", x->module}, {"proxy", x->proxy},
            {"detail", x->detail}, {"credential", x->credential},
            {"command", x->command}, {"host", x->machine});
    fprintf(f, ",\"command_whole\":%s", x->whole ? "true" : "false");
    lint(f, x->lint);
    fprintf(f, ",\"after_sending\":%" PRIu64, x->after_sending);
    tally(f, &x->tally);
    fputs(",\"advice\":{\"where\":", f);
    a407_report_json_text(f, a.where);
    MEMBERS(f, false, {"line", a.line}, {"text", a.text},
            {"auth407_command", a.command});
    fprintf(f, ",\"auth407_would_do\":%s}}", *a.command ? "true" : "false");
}

/* The first ones, or all of the first programs of each group. */
static void findings(const struct a407_report_view *v, bool by_program, FILE *f)
{
    const struct a407_report_table *t = &v->report->tables[A407_REPORT_FINDING];
    const struct a407_report_row *x;
    size_t n = 0;

    fputs(",\"findings\":[", f);
    for (x = t->rows; x < t->rows + t->n; x++) {
        if (v->top && (by_program ? x->program : n + 1) > v->top)
            continue;
        fputs(n++ ? ",\n" : "\n", f);
        finding(f, x);
    }
    fprintf(f, "],\"findings_omitted\":%zu", t->n - n);
    fprintf(f, ",\"findings_beyond_limit\":%" PRIu64, t->others.total);
}

static void table(const struct a407_report_view *v, FILE *f,
                  const struct a407_report_table *t, const char *key)
{
    size_t i, n = v->top && v->top < t->n ? v->top : t->n;

    fprintf(f, "\"%s\":{\"rows\":[", t->name);
    for (i = 0; i < n; i++) {
        fprintf(f, "%s{\"%s\":", i ? ",\n" : "\n", key);
        a407_report_json_text(f, t->rows[i].key);
        tally(f, &t->rows[i].tally);
        fputc('}', f);
    }
    fprintf(f, "],\"omitted\":%zu,\"others\":{\"limit\":%zu", t->n - n,
            t->most);
    tally(f, &t->others);
    fputs("}}", f);
}

static void timeline(FILE *f, const struct a407_report_timeline *t)
{
    char start[32] = "";
    size_t i;

    if (t->n)
        a407_report_time_show(true, t->start_us, start);
    fprintf(f, ",\"timeline\":{\"bucket_seconds\":%" PRId64,
            t->n ? t->width_us / 1000000 : 1);
    MEMBERS(f, true, {"start", start});
    fputs(",\"buckets\":[", f);
    for (i = 0; i < t->n; i++) {
        fputs(i ? "," : "", f);
        counts(f, t->count[i]);
    }
    fputs("]}", f);
}

void a407_report_json(const struct a407_report_view *v, bool page, FILE *f)
{
    const struct a407_report *r = v->report;
    size_t i;

    fputs("{\"schema\":1,\"report\":\"auth407\"", f);
    MEMBERS(f, true, {"filters", v->filters});
    input(f, &r->input);
    fputs(",\"all\":{\"meaning\":\"exchanges with a 407\"", f);
    tally(f, &r->all);
    fputs("}", f);
    findings(v, page, f);
    fputs(",\"tables\":{", f);
    for (i = 0; i < A407_REPORT_KEYED; i++) {
        fputs(i ? "," : "", f);
        table(v, f, &r->tables[i], "key");
    }
    fputs("},", f);
    table(v, f, &r->tables[A407_REPORT_NOT_COVERED], "program");
    fputs(",", f);
    table(v, f, &r->tables[A407_REPORT_MESSAGE], "message");
    timeline(f, &r->timeline);
    if (v->access) {
        fputs(",\n\"access_log\":", f);
        a407_report_access_json(v->access, f, page ? PAGE_ROWS : 0);
    }
    fputs("}\n", f);
}
