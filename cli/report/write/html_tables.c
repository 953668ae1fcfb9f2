/* SPDX-License-Identifier: MIT */
#include "html.h"

static const struct {
    enum a407_report_table_id id;
    const char *title, *column;
} tables[] = {
    {A407_REPORT_BINARY, "By program", "Program"},
    {A407_REPORT_MODULE, "By module that made the call", "Module"},
    {A407_REPORT_PROXY, "By proxy", "Proxy"},
    {A407_REPORT_CAUSE, "By cause", "Cause"},
    {A407_REPORT_USER, "By user", "User"},
};

static void put_numbers(const struct a407_report_tally *t, FILE *f)
{
    a407_html_cell(f, "407s", "n");
    a407_html_count(f, t->total);
    fputs("</td>", f);
    a407_html_cell(f, "Unresolved", t->unresolved ? "n bad" : "n");
    a407_html_count(f, t->unresolved);
    fputs("</td>", f);
    a407_html_cell(f, "Outcomes", "w");
    a407_html_outcomes(f, t->outcome);
    fputs("</td>", f);
    a407_html_cell(f, "First", "t");
    a407_html_time(f, t->first_us);
    fputs("</td>", f);
    a407_html_cell(f, "Last", "t");
    a407_html_time(f, t->last_us);
    fputs("</td>", f);
}

/* A cause's code says little by itself. */
static void put_meaning(const char *key, FILE *f)
{
    enum a407_cause id = a407_cause_from_code(key, strlen(key));

    if (id == A407_CAUSE_COUNT)
        return;
    fputs("<br>", f);
    a407_html_text(f, a407_cause_info(id)->meaning);
    fputs("<br><strong>Remedy:</strong> ", f);
    a407_html_text(f, a407_cause_info(id)->remedy);
}

static void put_row(enum a407_report_table_id id, const char *key,
                    const struct a407_report_tally *t, FILE *f)
{
    a407_html_row(f, id == A407_REPORT_CAUSE ? "ww" : "");
    fputs("<bdi class=\"key\">", f);
    a407_html_text(f, key);
    fputs("</bdi>", f);
    if (id == A407_REPORT_CAUSE)
        put_meaning(key, f);
    fputs("</th>", f);
    put_numbers(t, f);
    fputs("</tr>\n", f);
}

static void put_table(const struct a407_report_view *v, size_t number, FILE *f)
{
    enum a407_report_table_id id = tables[number].id;
    const struct a407_report_table *t = &v->report->tables[id];
    const char *columns[] = {"",         "#407s", "#Unresolved",
                             "Outcomes", "First", "Last"};
    size_t i, n = v->top && v->top < t->n ? v->top : t->n;

    if (t->n == 0)
        return;
    fprintf(f,
            "<section id=\"by-%s\" aria-labelledby=\"h-%s\">\n"
            "<h2 id=\"h-%s\">%s</h2>\n",
            t->name, t->name, t->name, tables[number].title);
    columns[0] = tables[number].column;
    a407_html_table(f, t->name, columns, sizeof columns / sizeof *columns);
    for (i = 0; i < n; i++)
        put_row(id, t->rows[i].key, &t->rows[i].tally, f);
    if (t->others.total)
        put_row(A407_REPORT_TABLES, "(others, beyond what is kept)", &t->others,
                f);
    a407_html_table_end(f);
    a407_html_more(f, t->n - n);
    fputs("</section>\n", f);
}

static void put_problems(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report_table *t = &v->report->problem_texts;
    size_t i, n = v->top && v->top < t->n ? v->top : t->n;

    if (t->n == 0)
        return;
    fputs("<section id=\"problems\" aria-labelledby=\"h-problems\">\n"
          "<h2 id=\"h-problems\">Problems of auth407 itself</h2>\n<ul>\n",
          f);
    for (i = 0; i < n; i++) {
        fputs("<li><bdi>", f);
        a407_html_text(f, t->rows[i].key);
        fputs("</bdi> <span class=\"dim\">(", f);
        a407_html_count(f, t->rows[i].tally.total);
        fputs("&times;)</span></li>\n", f);
    }
    fputs("</ul>\n", f);
    a407_html_more(f, t->n - n);
    fputs("</section>\n", f);
}

void a407_html_tables(const struct a407_report_view *v, FILE *f)
{
    size_t i;

    for (i = 0; i < sizeof tables / sizeof tables[0]; i++)
        put_table(v, i, f);
    put_problems(v, f);
}
