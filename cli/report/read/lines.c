/* SPDX-License-Identifier: MIT */
#include "read.h"

static bool is_selected(const struct a407_report_run *r,
                        const struct a407_report_record *l)
{
    return a407_filter_time(r->filter, l->time_us) &&
           a407_filter_match(r->filter, l);
}

/* The last word on an exchange. */
static void count(void *run, const struct a407_report_record *l)
{
    struct a407_report_run *r = run;

    if (is_selected(r, l))
        a407_report_add(&r->report, l);
    else
        r->report.input.filtered++;
}

bool a407_report_run_init(struct a407_report_run *r,
                          const struct a407_filter *filter)
{
    memset(r, 0, sizeof *r);
    r->filter = filter;
    if (!a407_report_init(&r->report))
        return false;
    r->pending.count = count;
    r->pending.ctx = r;
    r->parser = a407_report_parser_new();
    if (r->parser)
        return true;
    a407_report_run_free(r);
    return false;
}

void a407_report_run_free(struct a407_report_run *r)
{
    a407_report_parser_free(r->parser);
    a407_pending_flush(&r->pending);
    a407_report_free(&r->report);
}

void a407_report_run_finish(struct a407_report_run *r)
{
    a407_pending_flush(&r->pending);
    a407_report_finish(&r->report);
}

/* The proxy's own log has a line for each request, also for those that the
   client followed up by itself; so has who looks on. */
static void take_exchange(struct a407_report_run *r,
                          const struct a407_report_record *l, const char *json,
                          size_t n)
{
    bool selected = is_selected(r, l);

    if (a407_filter_time(r->filter, l->time_us))
        r->report.input.lost += (uint64_t)l->lost;
    if (!l->met_407) {
        r->report.input.without_407++;
        return;
    }
    if (r->access && l->status && a407_filter_time(r->filter, l->time_us))
        a407_report_access_record(r->access, l, selected);
    if (r->each && selected)
        r->each(r->ctx, l, json, n);
    if (!a407_pending_take(&r->pending, l))
        r->report.out_of_memory = true;
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

bool a407_report_line(void *run, char *text, size_t n)
{
    struct a407_report_run *r = run;
    struct a407_report_input *in = &r->report.input;
    struct a407_report_record l;
    struct a407_span message;
    const char *line = text, *brace = memchr(line, '{', n), *again;
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
    in->ours += kind == A407_REPORT_EXCHANGE || kind == A407_REPORT_PROBLEM ||
                kind == A407_REPORT_BEYOND || kind == A407_REPORT_UNKNOWN;
    in->newer += kind == A407_REPORT_NEWER;
    in->unknown += kind == A407_REPORT_UNKNOWN;
    in->foreign += kind == A407_REPORT_NEWER || kind == A407_REPORT_UNKNOWN ||
                   kind == A407_REPORT_FOREIGN;
    if (kind == A407_REPORT_EXCHANGE) {
        take_exchange(r, &l, brace, n - (size_t)(brace - line));
    } else if (kind == A407_REPORT_PROBLEM &&
               a407_filter_time(r->filter, l.time_us) &&
               (!r->filter->run || a407_span_eq(l.run, r->filter->run))) {
        in->problems++;
        in->lost += (uint64_t)l.lost;
        a407_report_add_problem(&r->report, l.time_us, message);
    } else if (kind == A407_REPORT_BEYOND && is_selected(r, &l)) {
        in->not_covered++;
        in->lost += (uint64_t)l.lost;
        a407_report_add_not_covered(&r->report, &l, message);
    } else if (kind == A407_REPORT_NO_MEMORY) {
        r->report.out_of_memory = true;
    }
    return !r->report.out_of_memory;
}
