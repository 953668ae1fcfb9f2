/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "words.h"

/* The shape is in docs/report-schema.json. */

enum kind {
    TEXT,
    NUMBER,
    OPTIONAL, /* a number; where it is NULL there is no member */
    TRUTH,
    MOMENT, /* microseconds since the epoch */
    SECONDS /* microseconds */
};

/* A member of an object, or of the object `outer.` in it. */
struct column {
    const char *member;
    enum kind kind;
};

#define A407_PAIR(id, member, kind, sql) {member, kind},
static const struct column pair_columns[] = {
#include "columns.def"
};
#define A407_LEG(id, member, kind, sql) {member, kind},
static const struct column leg_columns[] = {
#include "columns.def"
};
#define A407_CLIENT(id, member, kind, sql) {member, kind},
static const struct column client_columns[] = {
#include "columns.def"
};

/* JSON goes out row by row: `out` is emptied after each. */
struct writer {
    FILE *f;
    struct a407_buf out;
};

#define ROW_MAX ((size_t)1 << 20) /* 31 legs of some 4 KiB, escaped sixfold */

static void flush(struct writer *w)
{
    if (!w->out.failed)
        fwrite(w->out.p, 1, w->out.n, w->f);
    a407_buf_clear(&w->out);
}

/* Seconds with microseconds. */
static void seconds(struct a407_buf *out, int64_t us)
{
    a407_buf_fmt(out, "%s%lld.%06d", us < 0 ? "-" : "", llabs(us) / 1000000,
                 (int)(llabs(us) % 1000000));
}

/* RFC 3339 with microseconds, as in the log. */
static void timestamp(struct a407_buf *out, int64_t us)
{
    char when[32];
    int64_t part = us % 1000000;

    a407_report_time_utc(us, when);
    when[strcspn(when, "Z")] = '\0';
    a407_buf_fmt(out, "\"%s.%06dZ\"", when,
                 (int)(part < 0 ? part + 1000000 : part));
}

static void value(struct a407_buf *out, enum kind kind, sqlite3_stmt *s, int i)
{
    int64_t n = sqlite3_column_int64(s, i);
    const char *text = a407_access_text(s, i);

    if (sqlite3_column_type(s, i) == SQLITE_NULL)
        a407_buf_str(out, "null");
    else if (kind == TEXT)
        a407_json_string(out, a407_span_str(text));
    else if (kind == TRUTH)
        a407_buf_str(out, n ? "true" : "false");
    else if (kind == MOMENT)
        timestamp(out, n);
    else if (kind == SECONDS)
        seconds(out, n);
    else
        a407_buf_fmt(out, "%" PRId64, n);
}

/* The columns as members of an object that is left open. */
static void members(struct a407_buf *out, const struct column *c, size_t n,
                    sqlite3_stmt *s)
{
    const char *outer = "", *before = "{";
    size_t i;

    for (i = 0; i < n; i++) {
        const char *name = c[i].member;
        size_t in = name ? strcspn(name, ".") : 0;

        if (!name || (c[i].kind == OPTIONAL &&
                      sqlite3_column_type(s, (int)i) == SQLITE_NULL))
            continue;
        if (*outer && strncmp(outer, name, in + 1) != 0) {
            a407_buf_str(out, "}");
            outer = "";
        }
        if (name[in] && !*outer) {
            a407_buf_fmt(out, "%s\"%.*s\":", before, (int)in, name);
            outer = name;
            before = "{";
        }
        a407_buf_fmt(out, "%s\"%s\":", before, name[in] ? name + in + 1 : name);
        before = ",";
        value(out, c[i].kind, s, (int)i);
    }
    a407_buf_str(out, *outer ? "}" : "");
}

#define MEMBERS(out, columns, s)                                               \
    members(out, columns, sizeof columns / sizeof *columns, s)

static void put_pair(struct a407_buf *out, struct a407_access_rows *r)
{
    size_t n;

    MEMBERS(out, pair_columns, r->row);
    a407_buf_str(out, ",\"log\":");
    for (n = 0; a407_access_rows_part(r); n++) {
        if (n)
            a407_buf_str(out, n > 1 ? "," : ",\"attempts_log\":[");
        if (!sqlite3_column_int(r->part, A407_LEG_FOUND)) {
            a407_buf_str(out, "null");
            continue;
        }
        MEMBERS(out, leg_columns, r->part);
        a407_buf_str(out, "}");
    }
    a407_buf_str(out, n > 1 ? "]}" : ",\"attempts_log\":[]}");
}

static void put_client(struct a407_buf *out, struct a407_access_rows *r)
{
    const char *between = "";

    MEMBERS(out, client_columns, r->row);
    a407_buf_str(out, ",\"targets\":[");
    for (; a407_access_rows_part(r); between = ",") {
        a407_buf_str(out, between);
        a407_json_string(out, a407_span_str(a407_access_text(r->part, 0)));
    }
    a407_buf_str(out, "]}");
}

/* Returns what goes in front of a further one. */
static const char *put_rows(struct writer *w, struct a407_report_access *a,
                            enum a407_access_which which, size_t most,
                            const char *between)
{
    struct a407_access_rows r;

    a407_access_rows_start(&r, a, which, most);
    for (; a407_access_rows_next(&r); between = ",") {
        a407_buf_str(&w->out, between);
        if (which == A407_CLIENTS)
            put_client(&w->out, &r);
        else
            put_pair(&w->out, &r);
        flush(w);
    }
    a407_access_rows_end(&r);
    return between;
}

static void put_sums(struct writer *w, const struct a407_report_access *a)
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

    a407_buf_str(&w->out, "{\"files\":[");
    for (i = 0; i < a->n_files; i++) {
        a407_buf_str(&w->out, i ? "," : "");
        a407_json_string(&w->out, a407_span_str(a->names[i]));
        flush(w);
    }
    a407_buf_str(&w->out, "]");
    for (i = 0; i < sizeof counts / sizeof *counts; i++)
        a407_buf_fmt(&w->out, ",\"%s\":%" PRIu64, counts[i].member,
                     counts[i].n);
    a407_buf_str(&w->out, ",\"clock_offset_s\":");
    if (s->offset_known)
        seconds(&w->out, s->offset_us);
    else
        a407_buf_str(&w->out, "null");
    a407_buf_fmt(&w->out,
                 ",\"clock_offset_from\":%s,\"clock_offset_allowed_for\":%s",
                 !s->offset_known    ? "null"
                 : s->offset_by_port ? "\"port\""
                                     : "\"time\"",
                 s->shifted ? "true" : "false");
}

/* What a page shows besides. */
static void put_words(struct writer *w, const struct a407_report_access *a)
{
    char words[A407_ACCESS_WORDS];
    size_t i;

    a407_buf_fmt(&w->out, ",\"clients\":%" PRIu64 ",\"words\":[",
                 a->sums.clients);
    for (i = 0; i < A407_ACCESS_SAYINGS; i++) {
        a407_access_say[i](a, words);
        a407_buf_str(&w->out, i ? "," : "");
        a407_json_string(&w->out, a407_span_str(words));
    }
    a407_buf_str(&w->out, "]");
}

void a407_report_access_json(struct a407_report_access *a, FILE *f, size_t most)
{
    struct writer w = {.f = f};

    a407_buf_init(&w.out, ROW_MAX);
    put_sums(&w, a);
    if (most)
        put_words(&w, a);
    a407_buf_str(&w.out, ",\"pairs\":[");
    if (most)
        put_rows(&w, a, A407_PAIRS_FOUND, most,
                 put_rows(&w, a, A407_PAIRS_MISSING, most, ""));
    else
        put_rows(&w, a, A407_PAIRS, 0, "");
    a407_buf_str(&w.out, "],\"clients_without_record\":[");
    put_rows(&w, a, A407_CLIENTS, most, "");
    a407_buf_str(&w.out, "]}");
    flush(&w);
    a407_buf_free(&w.out);
}
