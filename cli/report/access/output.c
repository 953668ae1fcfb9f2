/* SPDX-License-Identifier: MIT */
#include "cli/report/write/write.h"
#include "core/base/json.h"
#include "internal.h"

#include <inttypes.h>

/* Of tables.sql: a time as a reader's clock has it. */
static void local(sqlite3_context *c, int n, sqlite3_value **v)
{
    char text[32];

    (void)n;
    a407_report_time_local(sqlite3_value_int64(*v), text);
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

#define TEXT_MAX ((size_t)64 << 10) /* of one string, escaped */

/* A text, whatever its bytes are, as JSON for sqlite's own functions. */
static void json_text(sqlite3_context *c, int n, sqlite3_value **v)
{
    const unsigned char *text = sqlite3_value_text(*v);
    struct a407_buf out;

    (void)n;
    if (!text)
        return; /* NULL becomes null */
    a407_buf_init(&out, TEXT_MAX);
    a407_json_string(&out, a407_span_str((const char *)text));
    if (out.failed)
        sqlite3_result_error_nomem(c);
    else
        sqlite3_result_text(c, out.p, (int)out.n, SQLITE_TRANSIENT);
    sqlite3_result_subtype(c, 'J'); /* what json_object() puts in as it is */
    a407_buf_free(&out);
}

void a407_access_add_functions(struct a407_report_access *a)
{
    sqlite3_create_function(a->db, "local", 1, SQLITE_UTF8, NULL, local, NULL,
                            NULL);
    sqlite3_create_function(a->db, "json_text", 1, SQLITE_UTF8, NULL, json_text,
                            NULL, NULL);
}

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

        fprintf(t->f, *at ? "\n  %s  " : "\n  ", at);
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

/* So many rows, 0: all; of pair_json those that the proxy's log has, or has
   not. Returns what goes in front of a further one. */
static const char *put_json(struct a407_report_access *a, FILE *f,
                            const char *sql, size_t most, const char *between)
{
    sqlite3_stmt *row = a407_access_prepare(a, sql);

    sqlite3_bind_int64(row, 1, most ? (int64_t)most : -1);
    for (; a407_access_step(a, row); between = ",")
        fprintf(f, "%s%s", between, a407_access_text(row, 0));
    sqlite3_finalize(row);
    return between;
}

#define PAIRS(which)                                                           \
    "SELECT json FROM pair_json " which                                        \
    " ORDER BY unresolved DESC, time_us, id LIMIT ?1"

/* Further members are put into what sqlite makes an object of: its brace is
   left out. The shape is in docs/report-schema.json. */
void a407_report_access_json(struct a407_report_access *a, FILE *f, size_t most)
{
    const char *between = "";

    fputc('{', f);
    put_json(a, f, "SELECT substr(json, 2, length(json) - 2) FROM sums_json", 0,
             "");
    if (most)
        put_json(a, f,
                 "SELECT substr(page, 2, length(page) - 2) FROM sums_json", 0,
                 ",");
    fputs(",\"pairs\":[", f);
    if (most)
        between = put_json(a, f, PAIRS("WHERE NOT found"), most, between);
    put_json(a, f, most ? PAIRS("WHERE found") : PAIRS(""), most, between);
    fputs("],\"clients_without_record\":[", f);
    put_json(a, f, "SELECT json FROM client_json ORDER BY id LIMIT ?1", most,
             "");
    fputs("]}", f);
}

void a407_report_access_csv(struct a407_report_access *a, FILE *f)
{
    static const char *const rows[] = {"SELECT * FROM pair_csv",
                                       "SELECT * FROM client_csv"};
    int i, k, n;

    for (k = 0; k < 2; k++) {
        sqlite3_stmt *row = a407_access_prepare(a, rows[k]);

        n = sqlite3_column_count(row);
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
}
