/* SPDX-License-Identifier: MIT */
#include "cli/report/write/write.h"
#include "internal.h"

#define INDENT 4
#define LABEL  17 /* columns of "    proxy's log  " */

void a407_report_access_text(struct a407_report_access *a,
                             const struct a407_term *t)
{
    sqlite3_stmt *s =
        a407_access_prepare(a, "SELECT kind, label, words FROM text");

    while (a407_access_step(a, s)) {
        const char *kind = a407_access_text(s, 0);
        const char *label = a407_access_text(s, 1);
        const char *words = a407_access_text(s, 2);

        if (strcmp(kind, "heading") == 0) {
            a407_term_heading(t, words);
        } else if (strcmp(kind, "entry") == 0) {
            fprintf(t->f, "\n  %s%s", label, *label ? "  " : "");
            a407_term_style(t, A407_BOLD);
            a407_term_wrap(t, words, *label ? INDENT + strlen(label) : 2,
                           INDENT);
            a407_term_style(t, A407_PLAIN);
        } else if (strcmp(kind, "line") == 0) {
            fprintf(t->f, "%*s", INDENT, "");
            a407_term_style(t, A407_DIM);
            a407_term_cell(t, label, LABEL - INDENT, true);
            a407_term_style(t, A407_PLAIN);
            a407_term_wrap(t, words, LABEL, LABEL);
        } else {
            fputs(strcmp(kind, "more") == 0 ? "\n" : "", t->f);
            a407_term_say(t, 2, 2, "%s", words);
        }
    }
    sqlite3_finalize(s);
}

static void put_json(struct a407_report_access *a, FILE *f, const char *sql,
                     int64_t limit)
{
    sqlite3_stmt *row = a407_access_prepare(a, sql);
    const char *between = "";

    sqlite3_bind_int64(row, 1, limit);
    for (; a407_access_step(a, row); between = ",")
        fprintf(f, "%s%s", between, a407_access_text(row, 0));
    sqlite3_finalize(row);
}

#define PAIRS(which)                                                           \
    "SELECT json FROM (SELECT * FROM pair_json " which                         \
    " ORDER BY unresolved DESC, time_us, id LIMIT ?1)"

/* Rows follow the members of what sqlite makes an object of, so its brace is
   left out. The shape is in docs/report-schema.json. */
void a407_report_access_json(struct a407_report_access *a, FILE *f, size_t most)
{
    int64_t limit = most ? (int64_t)most : -1;

    put_json(a, f,
             "SELECT substr(json, 1, length(json) - 1) || iif(?1 > 0, ',' || "
             "substr(page, 2, length(page) - 2), '') FROM sums_json",
             limit);
    fputs(",\"pairs\":[", f);
    put_json(a, f,
             most ? PAIRS("WHERE NOT found") " UNION ALL " PAIRS("WHERE found")
                  : PAIRS(""),
             limit);
    fputs("],\"clients_without_record\":[", f);
    put_json(a, f, "SELECT json FROM client_json ORDER BY id LIMIT ?1", limit);
    fputs("]}", f);
}

static void put_csv(struct a407_report_access *a, FILE *f, const char *sql)
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
    put_csv(a, f, "SELECT * FROM pair_csv");
    put_csv(a, f, "SELECT * FROM client_csv");
}
