/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/report/write/escape.h"
#include "core/base/json.h"
#include "internal.h"

/* The shape is in docs/report-schema.json. */

#define PAIRS                                                                  \
    "SELECT json FROM pair_json WHERE ?1 ISNULL OR found = ?1 "                \
    "ORDER BY unresolved DESC, time_us, id LIMIT ?2"
#define CLIENTS "SELECT json FROM client_json ORDER BY id LIMIT ?2"

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

/* So many rows, 0: all; of PAIRS those that the proxy's log has, or has not,
   or -1. Returns what goes in front of a further one. */
static const char *put_rows(struct a407_report_access *a, FILE *f,
                            const char *sql, int found, size_t most,
                            const char *between)
{
    sqlite3_stmt *row = a407_access_prepare(a, sql);

    if (found >= 0)
        sqlite3_bind_int(row, 1, found);
    sqlite3_bind_int64(row, 2, most ? (int64_t)most : -1);
    for (; a407_access_step(a, row); between = ",")
        fprintf(f, "%s%s", between, a407_access_text(row, 0));
    sqlite3_finalize(row);
    return between;
}

static void put_sums(FILE *f, const struct a407_report_access *a)
{
    const struct a407_access_sums *s = &a->sums;
    const struct {
        const char *member;
        uint64_t n;
    } counts[] = {
        {"lines", s->lines},
        {"lines_407", s->lines_407},
        {"lines_unreadable", s->unreadable},
        {"records", s->records},
        {"matched", s->matched},
        {"matched_by_port", s->by_port},
        {"records_without_line", s->without_line},
        {"lines_without_record", s->without_record},
        {"lines_of_further_clients", s->without_record - s->clients_lines}};
    size_t i;

    fputs("{\"files\":[", f);
    for (i = 0; i < a->n_files; i++) {
        fputs(i ? "," : "", f);
        a407_report_json_text(f, a->names[i]);
    }
    fputs("]", f);
    for (i = 0; i < sizeof counts / sizeof *counts; i++)
        fprintf(f, ",\"%s\":%" PRIu64, counts[i].member, counts[i].n);
    if (s->offset_known)
        fprintf(f, ",\"clock_offset_s\":%s%lld.%06d",
                s->offset_us < 0 ? "-" : "", llabs(s->offset_us) / 1000000,
                (int)(llabs(s->offset_us) % 1000000));
    else
        fputs(",\"clock_offset_s\":null", f);
    fprintf(f, ",\"clock_offset_from\":%s,\"clock_offset_allowed_for\":%s",
            !s->offset_known    ? "null"
            : s->offset_by_port ? "\"port\""
                                : "\"time\"",
            s->shifted ? "true" : "false");
}

/* What a page shows besides. */
static void put_words(FILE *f, const struct a407_report_access *a)
{
    char words[A407_ACCESS_WORDS];
    size_t i;

    fprintf(f, ",\"clients\":%" PRIu64 ",\"words\":[", a->sums.clients);
    for (i = 0; i < A407_ACCESS_SAYINGS; i++) {
        a407_access_say[i](a, words);
        fputs(i ? "," : "", f);
        a407_report_json_text(f, words);
    }
    fputs("]", f);
}

void a407_report_access_json(struct a407_report_access *a, FILE *f, size_t most)
{
    const char *between = "";

    sqlite3_create_function(a->db, "json_text", 1, SQLITE_UTF8, NULL, json_text,
                            NULL, NULL);
    put_sums(f, a);
    if (most)
        put_words(f, a);
    fputs(",\"pairs\":[", f);
    if (most)
        between = put_rows(a, f, PAIRS, 0, most, between);
    put_rows(a, f, PAIRS, most ? 1 : -1, most, between);
    fputs("],\"clients_without_record\":[", f);
    put_rows(a, f, CLIENTS, -1, most, "");
    fputs("]}", f);
}
