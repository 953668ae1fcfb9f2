/* SPDX-License-Identifier: MIT */
#include "cli/report/write/escape.h"
#include "internal.h"

/*
 * Rows of the report's one table: `where` is "proxy's log", and `line` what
 * that log says.
 */
#define UTC(us)                                                                \
    "strftime('%Y-%m-%dT%H:%M:%SZ', (" us ") / 1000000, 'unixepoch')"
#define PAIRS                                                                  \
    "SELECT iif(found, 'both_logs', 'records_alone'), request, cause, "        \
    "binary, "                                                                 \
    "module, proxy, 1, unresolved, outcome = 'resolved', "                     \
    "outcome = 'unresolved', outcome = 'observed', outcome = "                 \
    "'not_retried', " UTC("time_us") ", " UTC(                                 \
        "time_us + difference_us") ", "                                        \
                                   "iif(found, 'proxy''s log', ''), (SELECT "  \
                                   "group_concat(words, '; then ') "           \
                                   "FROM (SELECT words FROM answer WHERE "     \
                                   "record = pair.id AND found "               \
                                   "ORDER BY number)), '', '' "                \
                                   "FROM pair ORDER BY unresolved DESC, "      \
                                   "time_us, id"
#define CLIENTS                                                                \
    "SELECT 'proxy_log_alone', words, '', '', '', '', total, 0, 0, 0, 0, "     \
    "0, " UTC("first_us") ", " UTC(                                            \
        "last_us") ", 'proxy''s log', list, '', '' "                           \
                   "FROM stranger_words ORDER BY id"

static void put_rows(struct a407_report_access *a, FILE *f, const char *sql)
{
    sqlite3_stmt *row = a407_access_prepare(a, sql);
    int i, n = sqlite3_column_count(row);

    while (a407_access_step(a, row)) {
        for (i = 0; i < n; i++) {
            if (i)
                fputc(',', f);
            if (sqlite3_column_type(row, i) == SQLITE_INTEGER)
                fprintf(f, "%d", sqlite3_column_int(row, i));
            else
                a407_report_csv_text(f, a407_access_text(row, i));
        }
        fputs("\r\n", f);
    }
    sqlite3_finalize(row);
}

void a407_report_access_csv(struct a407_report_access *a, FILE *f)
{
    put_rows(a, f, PAIRS);
    put_rows(a, f, CLIENTS);
}
