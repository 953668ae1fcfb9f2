/* SPDX-License-Identifier: MIT */
#include "cli/report/write/write.h"
#include "internal.h"

#include <inttypes.h>

#define INDENT 4
#define LABEL  17 /* columns of "    proxy's log  " */
#define SHOWN  20 /* rows of a list */

/* One of the lists of the view `entry`, of which there are `n`. */
static void put_list(struct a407_report_access *a,
                     const struct a407_report_term *t, int list, uint64_t n,
                     const char *rest)
{
    sqlite3_stmt *row = a407_access_prepare(
        a, "SELECT id, at, request FROM entry WHERE list = ?1 "
           "ORDER BY unresolved DESC, time_us, id LIMIT ?2");
    sqlite3_stmt *line = a407_access_prepare(
        a, "SELECT label, words FROM entry_line WHERE list = ?1 AND id = ?2 "
           "ORDER BY place");

    sqlite3_bind_int(row, 1, list);
    sqlite3_bind_int(row, 2, SHOWN);
    sqlite3_bind_int(line, 1, list);
    while (a407_access_step(a, row)) {
        const char *at = a407_access_text(row, 1);

        fprintf(t->f, "\n  %s%s", at, *at ? "  " : "");
        a407_term_style(t, A407_BOLD);
        a407_term_wrap(t, a407_access_text(row, 2),
                       *at ? INDENT + strlen(at) : 2, INDENT);
        a407_term_style(t, A407_PLAIN);
        sqlite3_bind_int64(line, 2, sqlite3_column_int64(row, 0));
        while (a407_access_step(a, line)) {
            fprintf(t->f, "%*s", INDENT, "");
            a407_term_style(t, A407_DIM);
            a407_term_cell(t, a407_access_text(line, 0), LABEL - INDENT, true);
            a407_term_style(t, A407_PLAIN);
            a407_term_wrap(t, a407_access_text(line, 1), LABEL, LABEL);
        }
    }
    sqlite3_finalize(row);
    sqlite3_finalize(line);
    if (n > SHOWN) {
        fputc('\n', t->f);
        a407_term_say(t, 2, 2, "... and %" PRIu64 " more%s", n - SHOWN, rest);
    }
}

void a407_report_access_text(struct a407_report_access *a,
                             const struct a407_report_term *t)
{
    /* Paragraphs, some of which begin a section, and the lists below them. */
    static const struct {
        const char *heading, *rest;
        int list; /* -1: none */
    } parts[] = {
        {"The proxy's own log", "", -1},
        {NULL, "", -1},
        {NULL, "", -1},
        {"In the records alone", ": --format json has all", 0},
        {"Both sides of each 407", ": --format json has all", 1},
        {"In the proxy's log alone", " clients: --format json has them", 2},
    };
    sqlite3_stmt *s = a407_access_prepare(a, "SELECT words, n FROM part");
    size_t i;

    for (i = 0; i < sizeof parts / sizeof *parts && a407_access_step(a, s);
         i++) {
        const char *words = a407_access_text(s, 0);
        uint64_t n = (uint64_t)sqlite3_column_int64(s, 1);

        if (n && parts[i].heading)
            a407_term_heading(t, parts[i].heading);
        if (*words)
            a407_term_say(t, 2, 2, "%s", words);
        if (n && parts[i].list >= 0)
            put_list(a, t, parts[i].list, n, parts[i].rest);
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
