/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"
#include "core/base/text_put.h"

#include <inttypes.h>

static bool is_blank(unsigned c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

/*
 * The first character that shows decides, since what imports a table may take
 * away blanks, byte order marks and bytes that are no UTF-8. The full-width and
 * small forms of the marks count: some input methods and imports fold them.
 */
static bool is_formula(const char *z)
{
    static const unsigned marks[] = {'=',    '+',    '-',    '@',    0x2212,
                                     0xfe62, 0xfe63, 0xfe66, 0xfe6b, 0xff0b,
                                     0xff0d, 0xff1d, 0xff20};
    struct a407_span s = a407_span_str(z);

    while (s.n) {
        unsigned c;
        size_t i, len = a407_utf8_next(s, &c);

        for (i = 0; len && i < sizeof marks / sizeof *marks; i++)
            if (c == marks[i])
                return true;
        if (len && !is_blank(c) && !a407_report_is_unseen(c))
            return false;
        s = a407_span(s.p + (len ? len : 1), s.n - (len ? len : 1));
    }
    return false;
}

/*
 * RFC 4180: CRLF, every text in quotes, quotes doubled. A text that a
 * spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV
 * Injection). Control characters other than the line end become \\xNN, for a
 * terminal could obey them.
 */
void a407_report_csv_text(FILE *f, const char *z)
{
    fputs(is_formula(z) ? "\"'" : "\"", f);
    for (; *z; z++) {
        unsigned char c = (unsigned char)*z, next = (unsigned char)z[1];

        if ((c < 0x20 && c != '\n') || c == 0x7f) {
            fprintf(f, "\\x%02x", c);
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            fprintf(f, "\\x%02x", next);
            z++;
        } else {
            fputs(c == '"' ? "\"" : "", f);
            fputc(c, f);
        }
    }
    fputc('"', f);
}

static void texts(FILE *f, const char *const *z, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (i)
            fputc(',', f);
        a407_report_csv_text(f, z[i]);
    }
}

static void tally(FILE *f, const struct a407_report_tally *t)
{
    char first[32] = "", last[32] = "";
    size_t i;

    fprintf(f, ",%" PRIu64 ",%" PRIu64, t->total, t->unresolved);
    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        fprintf(f, ",%" PRIu64, t->outcome[i]);
    if (t->total) {
        a407_report_time_utc(t->first_us, first);
        a407_report_time_utc(t->last_us, last);
    }
    fprintf(f, ",%s,%s", first, last);
}

static void finding(FILE *f, const struct a407_report_finding *x)
{
    const char *const head[] = {"finding", x->binary, x->cause,
                                x->binary, x->module, x->proxy};
    struct a407_report_advice a;

    a407_report_advise(x, &a);
    texts(f, head, sizeof head / sizeof *head);
    tally(f, &x->tally);
    fputc(',', f);
    a407_report_csv_text(f, a.where);
    fputc(',', f);
    a407_report_csv_text(f, a.line);
    fputc(',', f);
    a407_report_csv_text(f, a.text);
    fputc(',', f);
    a407_report_csv_text(f, a.command);
    fputs("\r\n", f);
}

/* The columns that tell what a row is about are those of its table. */
static void row(FILE *f, enum a407_report_table_id id, const char *name,
                const char *key, const struct a407_report_tally *t)
{
    const char *const head[] = {name,
                                key,
                                id == A407_REPORT_CAUSE ? key : "",
                                id == A407_REPORT_BINARY ? key : "",
                                id == A407_REPORT_MODULE ? key : "",
                                id == A407_REPORT_PROXY ? key : ""};

    texts(f, head, sizeof head / sizeof *head);
    tally(f, t);
    fputs(",\"\",\"\",\"\",\"\"\r\n", f);
}

static void table(const struct a407_report_view *v, FILE *f,
                  enum a407_report_table_id id)
{
    const struct a407_report_table *t = &v->report->tables[id];
    size_t i, n = v->top && v->top < t->n ? v->top : t->n;

    for (i = 0; i < n; i++)
        row(f, id, t->name, t->rows[i].key, &t->rows[i].tally);
    if (t->others.total)
        row(f, A407_REPORT_TABLES, t->name, "(others)", &t->others);
}

bool a407_report_csv(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report *r = v->report;
    size_t i, n = v->top && v->top < r->n_findings ? v->top : r->n_findings;

    fputs("table,key,cause,binary,module,proxy,total,left_unresolved,"
          "resolved,unresolved,observed,not_retried,first_seen,last_seen,"
          "where,line,text,auth407_command\r\n",
          f);
    for (i = 0; i < n; i++)
        finding(f, &r->findings[i]);
    if (r->findings_others.total)
        row(f, A407_REPORT_TABLES, "finding", "(others)", &r->findings_others);
    for (i = 0; i < A407_REPORT_TABLES; i++)
        table(v, f, (enum a407_report_table_id)i);
    if (v->access)
        a407_report_access_csv(v->access, f);
    return !r->out_of_memory;
}
