/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/report/write/escape.h"
#include "core/base/json.h"
#include "internal.h"

/* The shape is in docs/report-schema.json. */

/* Text as core writes it, a time as in the log, and seconds. */
#define Q(x) "json_text(" x ")"
#define MOMENT(us)                                                             \
    "strftime('%Y-%m-%dT%H:%M:%S', " us " / 1000000, "                         \
    "'unixepoch') || printf('.%06dZ', " us " % 1000000)"
#define SECONDS(us) "json(printf('%.6f', " us " / 1e6))"
#define TRUTH(x)    "json(iif(" x ", 'true', 'false'))"

/* A request in the proxy's log; NULL: it is not there. */
#define ANSWER                                                                                                                               \
    "SELECT iif(found, json_remove(json_object('timestamp', " MOMENT(                                                                        \
        "time_us") ", 'matched_by', iif(by_port, 'port', 'time'), "                                                                          \
                   "'difference_s', " SECONDS(                                                                                               \
                       "difference_us") ", 'client', " Q("client") ", "                                                                      \
                                                                   "'client_"                                                                \
                                                                   "port', "                                                                 \
                                                                   "port, "                                                                  \
                                                                   "'result',"                                                               \
                                                                   " " Q(                                                                    \
                                                                       "resul"                                                               \
                                                                       "t") ", 'status_code', status, "                                      \
                                                                            "'user', " Q(                                                    \
                                                                                "user") "), iif(port, '$.-', '$.client_port')), NULL) AS j " \
                                                                                        "FROM answer WHERE record = pair.id AND "

static const char pairs[] = "SELECT json_object('timestamp', " MOMENT(
    "time_us") ", "
               "'outcome', outcome, 'cause', " Q(
                   "cause") ", 'binary', " Q("binary") ", "
                                                       "'module', " Q("module") ", 'pid', pid, 'proxy', " Q(
                                                           "proxy") ", "
                                                                    "'method',"
                                                                    " " Q("meth"
                                                                          "od") ", 'target', " Q(
                                                                        "targe"
                                                                        "t") ","
                                                                             " "
                                                                             "'"
                                                                             "s"
                                                                             "e"
                                                                             "n"
                                                                             "t"
                                                                             "'"
                                                                             ","
                                                                             " "
                                                                             "j"
                                                                             "s"
                                                                             "o"
                                                                             "n"
                                                                             "_"
                                                                             "o"
                                                                             "b"
                                                                             "j"
                                                                             "e"
                                                                             "c"
                                                                             "t"
                                                                             "("
                                                                             "'"
                                                                             "p"
                                                                             "r"
                                                                             "e"
                                                                             "s"
                                                                             "e"
                                                                             "n"
                                                                             "t"
                                                                             "'"
                                                                             ","
                                                                             " " TRUTH("sent") ", 'scheme', " Q(
                                                                                 "scheme") ", "
                                                                                           "'username', " Q(
                                                                                               "user") "), 'status_code', nullif(status, 0), "
                                                                                                       "'final_status_code', nullif(final, 0), "
                                                                                                       "'log', json((" ANSWER
                                                                                                       "number = 0)), 'attempts_log', "
                                                                                                       "(SELECT json_group_array(json(j)) FROM (" ANSWER
                                                                                                       "number > 0 "
                                                                                                       "ORDER BY number))) FROM pair WHERE ?1 ISNULL OR found = ?1 "
                                                                                                       "ORDER BY unresolved DESC, time_us, id LIMIT ?2";

static const char clients[] =
    "SELECT json_object('client', " Q(
        "client") ", "
                  "'user', " Q(
                      "nullif(user, '')") ", 'total', total, "
                                          "'first_seen', " MOMENT("first_us") ", 'last_seen', " MOMENT(
                                              "last_us") ", "
                                                         "'more_targets',"
                                                         " " TRUTH("targets > "
                                                                   "3") ", "
                                                                        "'targe"
                                                                        "ts', "
                                                                        "(SELEC"
                                                                        "T "
                                                                        "json_"
                                                                        "group_"
                                                                        "array("
                                                                        "json"
                                                                        "(" Q(
                                                                            "ta"
                                                                            "rg"
                                                                            "e"
                                                                            "t") ")) FROM (SELECT target "
                                                                                 "FROM stranger s WHERE s.client = client.client AND s.user = client.user "
                                                                                 "ORDER BY n DESC, target LIMIT 3))) FROM client ORDER BY id LIMIT ?2";

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

/* So many rows, 0: all; of `pairs` those that the proxy's log has, or has not,
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
        between = put_rows(a, f, pairs, 0, most, between);
    put_rows(a, f, pairs, most ? 1 : -1, most, between);
    fputs("],\"clients_without_record\":[", f);
    put_rows(a, f, clients, -1, most, "");
    fputs("]}", f);
}
