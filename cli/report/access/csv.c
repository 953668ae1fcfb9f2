/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "words.h"

/*
 * Rows of the report's one table (report_csv.c has its head), so that it stays
 * one: `where` is "proxy's log", and `line` what that log says.
 */

static void times(FILE *f, int64_t first_us, int64_t last_us)
{
    char first[32], last[32];

    a407_report_time_utc(first_us, first);
    a407_report_time_utc(last_us, last);
    fprintf(f, ",%s,%s", first, last);
}

/* Fields in quotes, each with a comma in front but for the first. */
static void put(FILE *f, const char *between, struct a407_span s)
{
    char text[A407_ACCESS_WORDS];

    a407_access_say_span(s, text);
    fputs(between, f);
    a407_report_csv_text(f, text);
}

/* One 407: 1 in the column of its outcome. */
static void outcome(FILE *f, const struct a407_access_record *r)
{
    size_t i;

    fprintf(f, ",1,%d", r->unresolved ? 1 : 0);
    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        fprintf(
            f, ",%d",
            a407_span_eq(r->outcome, a407_outcome_name((enum a407_outcome)i)));
}

static void put_row(FILE *f, const struct a407_access_row *row)
{
    const struct a407_access_record *r = &row->record;
    char text[3 * A407_ACCESS_WORDS] = "", request[A407_ACCESS_WORDS];
    int64_t theirs =
        row->matched ? r->time_us + row->legs[0].difference_us : r->time_us;
    size_t i, at = 0;

    snprintf(request, sizeof request, "%.*s %.*s", (int)r->method.n,
             r->method.n ? r->method.p : "", (int)r->target.n,
             r->target.n ? r->target.p : "");
    put(f, "", a407_span_str(row->matched ? "both_logs" : "records_alone"));
    put(f, ",", a407_span_str(request));
    put(f, ",", r->cause);
    put(f, ",", r->binary);
    put(f, ",", r->module);
    put(f, ",", r->proxy);
    outcome(f, r);
    times(f, r->time_us, theirs);
    for (i = 0; i < r->n_legs && at < sizeof text; i++) {
        if (!row->legs[i].found)
            continue;
        a407_access_say_line(&row->legs[i].line, request);
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s",
                               at ? "; then " : "", request);
    }
    put(f, ",", a407_span_str(row->matched ? "proxy's log" : ""));
    fputc(',', f);
    a407_report_csv_text(f, text);
    fputs(",\"\",\"\"\r\n", f);
}

static void put_group(FILE *f, const struct a407_access_group *g)
{
    char text[A407_ACCESS_WORDS];
    size_t i, at = 0;

    snprintf(text, sizeof text, "%s%s%s", g->client,
             *g->user ? ", user " : ", no user", g->user);
    put(f, "", a407_span_str("proxy_log_alone"));
    put(f, ",", a407_span_str(text));
    fprintf(f, ",\"\",\"\",\"\",\"\",%" PRIu64 ",0,0,0,0,0", g->total);
    times(f, g->first_us, g->last_us);
    text[0] = '\0';
    for (i = 0; i < g->n_targets && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s",
                               i ? ", " : "", g->targets[i]);
    put(f, ",", a407_span_str("proxy's log"));
    put(f, ",", a407_span_str(text));
    fputs(",\"\",\"\"\r\n", f);
}

void a407_report_access_csv(const struct a407_report_access *a, FILE *f)
{
    struct a407_access_rows rows;
    struct a407_access_row row;
    size_t i;

    a407_access_rows_start(&rows, a, A407_ROWS_ALL);
    while (a407_access_rows_next(&rows, &row))
        put_row(f, &row);
    a407_access_rows_end(&rows);
    for (i = 0; i < a->n_groups; i++)
        put_group(f, &a->groups[i]);
}
