/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "cli/report/write/escape.h"
#include "words.h"

/*
 * Rows of the report's one table: `where` is "proxy's log", and `line` what
 * that log says. Texts are in quotes, with a comma in front but for the first.
 */
static void put(FILE *f, const char *const *texts, size_t n, bool first)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (i || !first)
            fputc(',', f);
        a407_report_csv_text(f, texts[i]);
    }
}

static void put_times(FILE *f, int64_t first_us, int64_t last_us)
{
    char first[32], last[32];

    a407_report_time_utc(first_us, first);
    a407_report_time_utc(last_us, last);
    fprintf(f, ",%s,%s", first, last);
}

/* What the proxy's log says, and the row's end. */
static void put_line(FILE *f, bool found, const char *line)
{
    const char *const texts[] = {found ? "proxy's log" : "", line, "", ""};

    put(f, texts, 4, false);
    fputs("\r\n", f);
}

static void put_pair(FILE *f, struct a407_access_rows *r)
{
    char text[3 * A407_ACCESS_WORDS] = "";
    bool found = sqlite3_column_int(r->row, A407_PAIR_FOUND);
    int64_t time_us = sqlite3_column_int64(r->row, A407_PAIR_TIME);
    const char *const texts[] = {found ? "both_logs" : "records_alone",
                                 a407_access_text(r->row, A407_PAIR_REQUEST),
                                 a407_access_text(r->row, A407_PAIR_CAUSE),
                                 a407_access_text(r->row, A407_PAIR_BINARY),
                                 a407_access_text(r->row, A407_PAIR_MODULE),
                                 a407_access_text(r->row, A407_PAIR_PROXY)};
    size_t i;

    put(f, texts, 6, true);
    fprintf(f, ",1,%d", sqlite3_column_int(r->row, A407_PAIR_UNRESOLVED));
    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        fprintf(f, ",%d",
                strcmp(a407_access_text(r->row, A407_PAIR_OUTCOME),
                       a407_outcome_name((enum a407_outcome)i)) == 0);
    put_times(f, time_us,
              time_us + sqlite3_column_int64(r->row, A407_PAIR_DIFFERENCE));
    while (a407_access_rows_part(r))
        if (sqlite3_column_int(r->part, A407_LEG_FOUND))
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                     *text ? "; then " : "",
                     a407_access_text(r->part, A407_LEG_WORDS));
    put_line(f, found, text);
}

static void put_client(FILE *f, sqlite3_stmt *row)
{
    const char *const texts[] = {"proxy_log_alone",
                                 a407_access_text(row, A407_CLIENT_WORDS),
                                 "",
                                 "",
                                 "",
                                 ""};

    put(f, texts, 6, true);
    fprintf(f, ",%" PRIu64 ",0,0,0,0,0",
            a407_access_count(row, A407_CLIENT_TOTAL));
    put_times(f, sqlite3_column_int64(row, A407_CLIENT_FIRST),
              sqlite3_column_int64(row, A407_CLIENT_LAST));
    put_line(f, true, a407_access_text(row, A407_CLIENT_TARGETS));
}

void a407_report_access_csv(struct a407_report_access *a, FILE *f)
{
    struct a407_access_rows r;

    a407_access_rows_start(&r, a, A407_PAIRS, 0);
    while (a407_access_rows_next(&r))
        put_pair(f, &r);
    a407_access_rows_end(&r);
    a407_access_rows_start(&r, a, A407_CLIENTS, 0);
    while (a407_access_rows_next(&r))
        put_client(f, r.row);
    a407_access_rows_end(&r);
}
