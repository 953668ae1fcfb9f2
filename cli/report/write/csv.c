/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"

#include <inttypes.h>

#include "write.h"

/* What a row is about, its numbers, and what to do (NULL: nothing): where,
   line, text, command. */
static void row(FILE *f, const char *const about[static 6],
                const struct a407_report_tally *t,
                const struct a407_report_advice *a)
{
    const char *const advice[] = {a ? a->where : "", a ? a->line : "",
                                  a ? a->text : "", a ? a->command : ""};
    char first[32] = "", last[32] = "";
    size_t i;

    for (i = 0; i < 6; i++) {
        a407_report_csv_text(f, about[i]);
        fputc(',', f);
    }
    fprintf(f, "%" PRIu64 ",%" PRIu64, t->total, t->unresolved);
    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        fprintf(f, ",%" PRIu64, t->outcome[i]);
    if (t->total) {
        a407_report_time_show(true, t->first_us, first);
        a407_report_time_show(true, t->last_us, last);
    }
    fprintf(f, ",%s,%s", first, last);
    for (i = 0; i < 4; i++) {
        fputc(',', f);
        a407_report_csv_text(f, advice[i]);
    }
    fputs("\r\n", f);
}

static void finding(FILE *f, const struct a407_report_row *x)
{
    const char *const about[] = {"finding", x->binary, x->cause,
                                 x->binary, x->module, x->proxy};
    struct a407_report_advice a;

    a407_report_advise(x, &a);
    row(f, about, &x->tally, &a);
}

/* The columns that tell what a row is about are those of its table. */
static void key_row(FILE *f, enum a407_report_table_id id, const char *name,
                    const char *key, const struct a407_report_tally *t)
{
    const char *const about[] = {name,
                                 key,
                                 id == A407_REPORT_CAUSE ? key : "",
                                 id == A407_REPORT_BINARY ? key : "",
                                 id == A407_REPORT_MODULE ? key : "",
                                 id == A407_REPORT_PROXY ? key : ""};

    row(f, about, t, NULL);
}

static void table(const struct a407_report_view *v, FILE *f,
                  enum a407_report_table_id id)
{
    const struct a407_report_table *t = &v->report->tables[id];
    size_t i, n = v->top && v->top < t->n ? v->top : t->n;

    for (i = 0; i < n; i++)
        if (id == A407_REPORT_FINDING)
            finding(f, &t->rows[i]);
        else
            key_row(f, id, t->name, t->rows[i].key, &t->rows[i].tally);
    if (t->others.total)
        key_row(f, A407_REPORT_TABLES, t->name, "(others)", &t->others);
}

void a407_report_csv(const struct a407_report_view *v, FILE *f)
{
    size_t i;

    fputs("table,key,cause,binary,module,proxy,total,still_failing,"
          "resolved,unresolved,observed,not_retried,first_seen,last_seen,"
          "where,line,text,auth407_command\r\n",
          f);
    table(v, f, A407_REPORT_FINDING);
    for (i = 0; i < A407_REPORT_KEYED; i++)
        table(v, f, (enum a407_report_table_id)i);
    table(v, f, A407_REPORT_NOT_COVERED);
    if (v->access)
        a407_report_access_csv(v->access, f);
}
