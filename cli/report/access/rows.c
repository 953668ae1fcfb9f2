/* SPDX-License-Identifier: MIT */
#include "cli/report/read/keys.h"
#include "internal.h"

static uint64_t add_scratch(struct a407_report_access *a)
{
    if (a->scratch.failed)
        return A407_ACCESS_NONE;
    return a407_access_texts_add(a->texts,
                                 a407_span(a->scratch.p, a->scratch.n));
}

/* Cut, so that all of them together stay within a text's limit. */
static void put_text(struct a407_buf *out, struct a407_span s, size_t max)
{
    if (s.n > max)
        s.n = max;
    a407_access_put_span(out, s);
}

uint64_t a407_access_put_record(struct a407_report_access *a,
                                const struct a407_report_record *l,
                                struct a407_span target, size_t n_legs)
{
    struct a407_buf *b = &a->scratch;
    char key[A407_REPORT_KEY_MAX + 1];

    a407_buf_clear(b);
    a407_access_put_number(b, l->time_us);
    a407_access_put_number(b, l->pid);
    put_text(b, a407_span_str(a407_outcome_name(l->outcome)), 64);
    put_text(b, l->cause, 64);
    a407_report_proxy_key(l, key);
    put_text(b, a407_span_str(key), A407_REPORT_KEY_MAX);
    put_text(b, l->method, 64);
    put_text(b, target, A407_ACCESS_TARGET_MAX);
    a407_report_binary_key(l, key);
    put_text(b, a407_span_str(key), A407_REPORT_KEY_MAX);
    put_text(b, l->module, 255);
    a407_access_put_number(b, l->client_sent);
    a407_access_put_number(b, l->unresolved);
    put_text(b, l->client_scheme, 64);
    put_text(b, l->client_user, 255);
    a407_access_put_number(b, l->status);
    a407_access_put_number(b, l->final_status);
    a407_access_put_number(b, (int64_t)n_legs);
    return add_scratch(a);
}

static void get_record(struct a407_span in, struct a407_access_record *out)
{
    out->time_us = a407_access_take_number(&in);
    out->pid = a407_access_take_number(&in);
    out->outcome = a407_access_take_span(&in);
    out->cause = a407_access_take_span(&in);
    out->proxy = a407_access_take_span(&in);
    out->method = a407_access_take_span(&in);
    out->target = a407_access_take_span(&in);
    out->binary = a407_access_take_span(&in);
    out->module = a407_access_take_span(&in);
    out->client_sent = a407_access_take_number(&in) != 0;
    out->unresolved = a407_access_take_number(&in) != 0;
    out->client_scheme = a407_access_take_span(&in);
    out->client_user = a407_access_take_span(&in);
    out->status = (int)a407_access_take_number(&in);
    out->final_status = (int)a407_access_take_number(&in);
    out->n_legs = (size_t)a407_access_take_number(&in);
    if (out->n_legs > A407_ACCESS_LEGS)
        out->n_legs = A407_ACCESS_LEGS;
}

uint64_t a407_access_put_line(struct a407_report_access *a,
                              const struct a407_access_line *l,
                              struct a407_span target)
{
    struct a407_buf *b = &a->scratch;

    a407_buf_clear(b);
    a407_access_put_number(b, l->format);
    a407_access_put_number(b, l->start_us);
    a407_access_put_number(b, l->end_us);
    a407_access_put_number(b, l->grain_us);
    put_text(b, l->client, 255);
    a407_access_put_number(b, l->client_port);
    put_text(b, l->result, 64);
    a407_access_put_number(b, l->status);
    put_text(b, l->method, 64);
    put_text(b, target, A407_ACCESS_TARGET_MAX);
    put_text(b, l->user, 255);
    return add_scratch(a);
}

void a407_access_get_line(struct a407_span in, struct a407_access_line *out)
{
    out->format = (enum a407_access_format)a407_access_take_number(&in);
    out->start_us = a407_access_take_number(&in);
    out->end_us = a407_access_take_number(&in);
    out->grain_us = a407_access_take_number(&in);
    out->client = a407_access_take_span(&in);
    out->client_port = (int)a407_access_take_number(&in);
    out->result = a407_access_take_span(&in);
    out->status = (int)a407_access_take_number(&in);
    out->method = a407_access_take_span(&in);
    out->target = a407_access_take_span(&in);
    out->user = a407_access_take_span(&in);
}

void a407_access_rows_start(struct a407_access_rows *r,
                            const struct a407_report_access *a,
                            enum a407_access_which which)
{
    size_t i;

    memset(r, 0, sizeof *r);
    r->a = a;
    r->which = which;
    for (i = 0; i <= A407_ACCESS_LEGS; i++)
        a407_buf_init(&r->texts[i], A407_ACCESS_TEXT_MAX);
    a407_access_sort_rewind(a->results);
    r->have = a407_access_sort_next(a->results, &r->ahead);
}

void a407_access_rows_end(struct a407_access_rows *r)
{
    size_t i;

    for (i = 0; i <= A407_ACCESS_LEGS; i++)
        a407_buf_free(&r->texts[i]);
}

/* Collects the legs of the next record. Whether its 407 was found. */
static bool take_record(struct a407_access_rows *r)
{
    uint64_t ref = r->ahead.ref;
    bool found = false;

    r->n_legs = 0;
    while (r->have && r->ahead.ref == ref) {
        if (r->ahead.leg == 0)
            found = r->ahead.other != A407_ACCESS_NONE;
        if (r->n_legs < A407_ACCESS_LEGS)
            r->legs[r->n_legs++] = r->ahead;
        r->have = a407_access_sort_next(r->a->results, &r->ahead);
    }
    return found;
}

static bool read_leg(struct a407_access_rows *r, size_t i,
                     struct a407_access_row *row)
{
    const struct a407_access_entry *e = &r->legs[i];
    struct a407_buf *text = &r->texts[i];

    if (e->leg >= A407_ACCESS_LEGS || e->other == A407_ACCESS_NONE)
        return true;
    if (!a407_access_texts_read(r->a->texts, e->other, text))
        return false;
    row->legs[e->leg].found = true;
    row->legs[e->leg].by_port = e->flags & A407_ACCESS_BY_PORT;
    row->legs[e->leg].difference_us = e->difference_us;
    a407_access_get_line(a407_span(text->p, text->n), &row->legs[e->leg].line);
    return true;
}

bool a407_access_rows_next(struct a407_access_rows *r,
                           struct a407_access_row *row)
{
    struct a407_buf *text = &r->texts[A407_ACCESS_LEGS];
    bool found;
    size_t i;

    do { /* texts are read only of what is wanted */
        if (!r->have)
            return false;
        found = take_record(r);
    } while (r->which != A407_ROWS_ALL &&
             found != (r->which == A407_ROWS_FOUND));
    memset(row, 0, sizeof *row);
    if (!a407_access_texts_read(r->a->texts, r->legs[0].ref, text))
        return false;
    get_record(a407_span(text->p, text->n), &row->record);
    for (i = 0; i < r->n_legs; i++)
        if (!read_leg(r, i, row))
            return false;
    row->matched = row->legs[0].found;
    /* a name that is a key, so that the record hides it: hidden here, too */
    if (row->matched && a407_span_eq(row->record.client_user, "[redacted]"))
        row->legs[0].line.user = row->record.client_user;
    return true;
}
