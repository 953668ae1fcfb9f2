/* SPDX-License-Identifier: MIT */
#include "report_lines.h"

bool a407_report_run_init(struct a407_report_run *r,
                          const struct a407_filter *filter)
{
    memset(r, 0, sizeof *r);
    r->filter = filter;
    if (!a407_report_init(&r->report))
        return false;
    r->parser = a407_report_parser_new();
    if (!r->parser)
        a407_report_free(&r->report);
    return r->parser != NULL;
}

void a407_report_run_free(struct a407_report_run *r)
{
    a407_report_parser_free(r->parser);
    a407_report_free(&r->report);
}

static void take_exchange(struct a407_report_run *r,
                          const struct a407_report_record *l, const char *json,
                          size_t n)
{
    struct a407_report_input *in = &r->report.input;
    bool in_time = a407_filter_time(r->filter, l->time_us), selected;

    in->lost += (uint64_t)l->lost;
    if (!l->met_407) {
        in->without_407++;
        return;
    }
    selected = in_time && a407_filter_match(r->filter, l);
    if (r->access && in_time)
        a407_report_access_record(r->access, l, selected);
    if (!selected) {
        in->filtered++;
        return;
    }
    a407_report_add(&r->report, l);
    if (r->each)
        r->each(r->ctx, l, json, n);
}

/* Where the last record begins in a line that does not begin with it. */
static const char *last_record(const char *line, size_t n)
{
    static const char start[] = "{\"timestamp\":";
    const char *found = NULL, *at = line, *end = line + n;

    while (at < end &&
           (at = memmem(at, (size_t)(end - at), start, sizeof start - 1)))
        found = at++;
    return found;
}

bool a407_report_line(void *run, const char *line, size_t n)
{
    struct a407_report_run *r = run;
    struct a407_report_input *in = &r->report.input;
    struct a407_report_record l;
    struct a407_span message;
    const char *brace = memchr(line, '{', n), *again;
    enum a407_report_kind kind =
        a407_report_parse(r->parser, line, n, &l, &message);

    in->lines++;
    if (kind == A407_REPORT_TORN) {
        in->torn++;
        again = last_record(line, n);
        if (!again || again == brace)
            return true;
        n -= (size_t)(again - line);
        brace = line = again;
        kind = a407_report_parse(r->parser, line, n, &l, &message);
    }
    switch (kind) {
    case A407_REPORT_EXCHANGE:
        take_exchange(r, &l, brace, n - (size_t)(brace - line));
        break;
    case A407_REPORT_PROBLEM:
        if (!a407_filter_time(r->filter, l.time_us))
            break;
        in->problems++;
        in->lost += (uint64_t)l.lost;
        a407_report_add_problem(&r->report, l.time_us, message);
        break;
    case A407_REPORT_FOREIGN:
        in->foreign++;
        break;
    case A407_REPORT_TORN:
        break; /* counted above */
    case A407_REPORT_NO_MEMORY:
        r->report.out_of_memory = true;
        break;
    }
    return !r->report.out_of_memory;
}
