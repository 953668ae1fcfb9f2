/* SPDX-License-Identifier: MIT */
#include "cli/report/write/escape.h"
#include "internal.h"

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
    put_rows(a, f, "SELECT * FROM pair_csv");
    put_rows(a, f, "SELECT * FROM client_csv");
}
