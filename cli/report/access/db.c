/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/msg.h"
#include "core/base/text.h"
#include "internal.h"

A407_EMBED(a407_access_tables, "cli/report/access/tables.sql");

static void fail(struct a407_report_access *a, const char *why)
{
    if (!a->failed)
        a407_error("can't compare with the proxy's log: %s", why);
    a->failed = true;
}

/* Of tables.sql, local() and utc(): a time as a reader's clock has it, or as
   RFC 3339 writes it. */
static void show_time(sqlite3_context *c, int n, sqlite3_value **v)
{
    char text[32];

    (void)n;
    a407_report_time_show(sqlite3_user_data(c) != NULL, sqlite3_value_int64(*v),
                          text);
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

/* A file without a name, which sqlite makes (0600) and unlinks at once. A
   TMPDIR of no use is an error, since sqlite would take another. */
bool a407_access_db_open(struct a407_report_access *a)
{
    const char *folder = getenv("TMPDIR");

    if (folder && *folder && access(folder, W_OK | X_OK) != 0) {
        a407_error("can't make a temporary file in TMPDIR, %s: %s", folder,
                   strerror(errno));
        return false;
    }
    if (sqlite3_open("", &a->db) != SQLITE_OK)
        fail(a, sqlite3_errmsg(a->db));
    sqlite3_create_function(a->db, "local", 1, SQLITE_UTF8, NULL, show_time,
                            NULL, NULL);
    sqlite3_create_function(a->db, "utc", 1, SQLITE_UTF8, a, show_time, NULL,
                            NULL);
    sqlite3_create_function(a->db, "json_text", 1, SQLITE_UTF8, NULL, json_text,
                            NULL, NULL);
    a407_access_run(a, a407_access_tables);
    return !a->failed;
}

void a407_access_run(struct a407_report_access *a, const char *sql)
{
    if (!a->failed && sqlite3_exec(a->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(a, sqlite3_errmsg(a->db));
}

sqlite3_stmt *a407_access_prepare(struct a407_report_access *a, const char *sql)
{
    sqlite3_stmt *s = NULL;

    if (!a->failed && sqlite3_prepare_v2(a->db, sql, -1, &s, NULL) != SQLITE_OK)
        fail(a, sqlite3_errmsg(a->db));
    return s;
}

bool a407_access_step(struct a407_report_access *a, sqlite3_stmt *s)
{
    int result = a->failed ? SQLITE_DONE : sqlite3_step(s);

    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        fail(a, sqlite3_errmsg(a->db));
    sqlite3_reset(s);
    return false;
}

static void bind_text(sqlite3_stmt *s, int at, struct a407_span text)
{
    char copy[A407_ACCESS_TEXT_MAX];
    size_t n;

    for (n = 0; n < text.n && n < sizeof copy; n++)
        copy[n] = text.p[n] ? text.p[n] : '?';
    if (text.p)
        sqlite3_bind_text(s, at, copy, (int)n, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(s, at);
}

void a407_access_insert(struct a407_report_access *a, sqlite3_stmt *s,
                        const int64_t *numbers, size_t n_numbers,
                        const struct a407_span *texts, size_t n_texts)
{
    int at = 1;

    for (; n_numbers; n_numbers--)
        sqlite3_bind_int64(s, at++, *numbers++);
    for (; n_texts; n_texts--)
        bind_text(s, at++, *texts++);
    a407_access_step(a, s);
}

const char *a407_access_text(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);

    return text ? (const char *)text : "";
}
