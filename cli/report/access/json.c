/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "words.h"

/* JSON goes out row by row: `out` is emptied after each. */
struct writer {
    FILE *f;
    struct a407_buf out;
};

#define ROW_MAX ((size_t)1 << 20) /* 17 legs of some 4 KiB, escaped sixfold */

static void flush(struct writer *w)
{
    if (w->out.n && !w->out.failed)
        a407_report_json_put(w->f, w->out.p, w->out.n);
    a407_buf_clear(&w->out);
}

static void text(struct writer *w, const char *key, struct a407_span s)
{
    a407_buf_fmt(&w->out, "\"%s\":", key);
    if (s.p)
        a407_json_string(&w->out, s);
    else
        a407_buf_str(&w->out, "null");
}

static void next_text(struct writer *w, const char *key, struct a407_span s)
{
    a407_buf_str(&w->out, ",");
    text(w, key, s);
}

static void number(struct writer *w, const char *key, uint64_t n)
{
    a407_buf_fmt(&w->out, ",\"%s\":%" PRIu64, key, n);
}

/* Seconds with microseconds; null if not known. */
static void seconds(struct writer *w, const char *key, bool known, int64_t us)
{
    if (known)
        a407_buf_fmt(&w->out, ",\"%s\":%s%lld.%06d", key, us < 0 ? "-" : "",
                     llabs(us) / 1000000, (int)(llabs(us) % 1000000));
    else
        a407_buf_fmt(&w->out, ",\"%s\":null", key);
}

/* RFC 3339 with microseconds, as in the log. */
static void timestamp(struct writer *w, const char *key, int64_t us)
{
    char when[32];
    int64_t part = us % 1000000;

    a407_report_time_utc(us, when);
    when[strcspn(when, "Z")] = '\0';
    a407_buf_fmt(&w->out, "\"%s\":\"%s.%06dZ\"", key, when,
                 (int)(part < 0 ? part + 1000000 : part));
}

static void side_of_log(struct writer *w, const struct a407_access_row *row,
                        size_t leg)
{
    const struct a407_access_line *l = &row->legs[leg].line;

    if (!row->legs[leg].found) {
        a407_buf_str(&w->out, "null");
        return;
    }
    a407_buf_str(&w->out, "{");
    timestamp(w, "timestamp", l->status == 407 ? l->end_us : l->start_us);
    next_text(w, "matched_by",
              a407_span_str(row->legs[leg].by_port ? "port" : "time"));
    seconds(w, "difference_s", true, row->legs[leg].difference_us);
    next_text(w, "client", l->client);
    if (l->client_port)
        number(w, "client_port", (uint64_t)l->client_port);
    next_text(w, "result", l->result);
    number(w, "status_code", (uint64_t)l->status);
    next_text(w, "user", l->user);
    a407_buf_str(&w->out, "}");
}

static void status(struct writer *w, const char *key, int n)
{
    if (n)
        number(w, key, (uint64_t)n);
    else
        a407_buf_fmt(&w->out, ",\"%s\":null", key);
}

static void put_row(struct writer *w, const struct a407_access_row *row)
{
    const struct a407_access_record *r = &row->record;
    size_t i;

    a407_buf_str(&w->out, "{");
    timestamp(w, "timestamp", r->time_us);
    next_text(w, "outcome", r->outcome);
    next_text(w, "cause", r->cause);
    next_text(w, "binary", r->binary);
    next_text(w, "module", r->module);
    a407_buf_fmt(&w->out, ",\"pid\":%" PRId64, r->pid);
    next_text(w, "proxy", r->proxy);
    next_text(w, "method", r->method);
    next_text(w, "target", r->target);
    a407_buf_fmt(&w->out, ",\"sent\":{\"present\":%s",
                 r->client_sent ? "true" : "false");
    next_text(w, "scheme", r->client_scheme);
    next_text(w, "username", r->client_user);
    a407_buf_str(&w->out, "}");
    status(w, "status_code", r->status);
    status(w, "final_status_code", r->final_status);
    a407_buf_str(&w->out, ",\"log\":");
    side_of_log(w, row, 0);
    a407_buf_str(&w->out, ",\"attempts_log\":[");
    for (i = 1; i < r->n_legs; i++) {
        a407_buf_str(&w->out, i > 1 ? "," : "");
        side_of_log(w, row, i);
    }
    a407_buf_str(&w->out, "]}");
}

static void put_group(struct writer *w, const struct a407_access_group *g)
{
    size_t i;

    a407_buf_str(&w->out, "{");
    text(w, "client", a407_span_str(g->client));
    next_text(w, "user",
              *g->user ? a407_span_str(g->user) : a407_span(NULL, 0));
    number(w, "total", g->total);
    a407_buf_str(&w->out, ",");
    timestamp(w, "first_seen", g->first_us);
    a407_buf_str(&w->out, ",");
    timestamp(w, "last_seen", g->last_us);
    a407_buf_str(&w->out, ",\"targets\":[");
    for (i = 0; i < g->n_targets; i++) {
        a407_buf_str(&w->out, i ? "," : "");
        a407_json_string(&w->out, a407_span_str(g->targets[i]));
    }
    a407_buf_fmt(&w->out, "],\"more_targets\":%s}",
                 g->more_targets ? "true" : "false");
}

static void put_sums(struct writer *w, const struct a407_report_access *a)
{
    const struct a407_access_sums *s = &a->sums;
    size_t i;

    a407_buf_str(&w->out, "{\"files\":[");
    for (i = 0; i < a->n_readers; i++) {
        a407_buf_str(&w->out, i ? "," : "");
        a407_json_string(&w->out, a407_span_str(a->names[i]));
        flush(w);
    }
    a407_buf_str(&w->out, "]");
    number(w, "lines", s->lines);
    number(w, "lines_407", s->lines_407);
    number(w, "lines_unreadable", s->unreadable + s->too_long);
    number(w, "records", s->records);
    number(w, "matched", s->matched);
    number(w, "matched_by_port", s->by_port);
    number(w, "records_without_line", s->without_line);
    number(w, "lines_without_record", s->without_record);
    seconds(w, "clock_offset_s", s->offset_known, s->offset_us);
    next_text(w, "clock_offset_from",
              !s->offset_known    ? a407_span(NULL, 0)
              : s->offset_by_port ? a407_span_str("port")
                                  : a407_span_str("time"));
    a407_buf_fmt(&w->out, ",\"clock_offset_allowed_for\":%s",
                 s->shifted ? "true" : "false");
}

void a407_report_access_json(const struct a407_report_access *a, FILE *f)
{
    struct writer w = {.f = f};
    struct a407_access_rows rows;
    struct a407_access_row row;
    const char *between = "";
    size_t i;

    a407_buf_init(&w.out, ROW_MAX);
    put_sums(&w, a);
    a407_buf_str(&w.out, ",\"pairs\":[");
    a407_access_rows_start(&rows, a, A407_ROWS_ALL);
    while (a407_access_rows_next(&rows, &row)) {
        a407_buf_str(&w.out, between);
        between = ",";
        put_row(&w, &row);
        flush(&w);
    }
    a407_access_rows_end(&rows);
    a407_buf_str(&w.out, "],\"clients_without_record\":[");
    for (i = 0; i < a->n_groups; i++) {
        a407_buf_str(&w.out, i ? "," : "");
        put_group(&w, &a->groups[i]);
        flush(&w);
    }
    a407_buf_str(&w.out, "]");
    number(&w, "lines_of_further_clients", a->group_others.total);
    a407_buf_str(&w.out, "}");
    flush(&w);
    a407_buf_free(&w.out);
}
