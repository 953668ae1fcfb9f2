/* SPDX-License-Identifier: MIT */
/* Lines of a log as `auth407 report` takes them: parsed, filtered, counted. */
#include "fuzz.h"

#include "cli/report/model/model.h"
#include "cli/report/read/read.h"
#include "cli/report/write/write.h"

static void check_text(struct a407_span s)
{
    must(s.p || !s.n);
    must(s.n <= A407_REPORT_KEY_MAX);
    must(!s.n || !memchr(s.p, '\0', s.n));
}

static void check_record(const struct a407_report_record *l)
{
    check_text(l->cause);
    check_text(l->detail);
    check_text(l->proxy_address);
    check_text(l->method);
    check_text(l->target);
    check_text(l->client_user);
    check_text(l->credential);
    check_text(l->executable);
    check_text(l->module);
    check_text(a407_report_script(l));
    must(l->n_args <= A407_EVENT_ARGS);
    for (size_t i = 0; i < l->n_args; i++)
        check_text(l->args[i]);
    must(l->proxy_port >= 0 && l->proxy_port <= 65535);
    must(l->cause_id <= A407_CAUSE_COUNT);
    must(!l->unresolved || l->met_407);
}

static void count(void *report, const struct a407_report_record *l)
{
    a407_report_add(report, l);
}

/* Whatever a key holds, what is shown of it is printable. */
static void check_shown(const struct a407_report *r)
{
    static char shown[1 << 16];
    struct a407_term t = {.width = 80};

    for (size_t i = 0; i < A407_REPORT_TABLES; i++)
        for (size_t k = 0; k < r->tables[i].n; k++) {
            memset(shown, 0, sizeof shown);
            t.f = fmemopen(shown, sizeof shown - 1, "w");
            must(t.f);
            a407_term_cell(&t, r->tables[i].rows[k].key, 20, true);
            fclose(t.f);
            for (const char *z = shown; *z; z++)
                must((unsigned char)*z >= 0x20 && *z != 0x7f);
        }
}

static void check_sums(struct a407_report *r)
{
    const struct a407_report_table *f = &r->tables[A407_REPORT_FINDING];
    uint64_t sum;

    a407_report_finish(r);
    for (size_t i = 0; i < f->n; i++) {
        struct a407_report_advice a;

        a407_report_advise(&f->rows[i], &a);
        must(strnlen(a.text, sizeof a.text) < sizeof a.text);
        must(strnlen(a.line, sizeof a.line) < sizeof a.line);
    }
    for (size_t i = 0; i < A407_REPORT_TABLES; i++) {
        if (i == A407_REPORT_MESSAGE || i == A407_REPORT_NOT_COVERED)
            continue;
        sum = r->tables[i].others.total;
        for (size_t k = 0; k < r->tables[i].n; k++)
            sum += r->tables[i].rows[k].tally.total;
        must(sum == r->all.total);
    }
    sum = 0;
    for (size_t i = 0; i < r->timeline.n; i++)
        for (size_t k = 0; k < A407_REPORT_OUTCOMES; k++)
            sum += r->timeline.count[i][k];
    must(sum == r->all.total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data, *end = text + n;
    struct a407_report_parser *parser = a407_report_parser_new();
    struct a407_report report;
    struct a407_pending pending = {.count = count, .ctx = &report};

    must(parser && a407_report_init(&report));
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        char *line = exact(text, len); /* over-reads are seen */
        struct a407_report_record l;
        struct a407_span message;
        enum a407_report_kind kind =
            a407_report_parse(parser, line, len, &l, &message);

        free(line); /* and nothing points into it */
        if (kind == A407_REPORT_EXCHANGE) {
            check_record(&l);
            must(!l.met_407 || a407_pending_take(&pending, &l));
        } else if (kind == A407_REPORT_PROBLEM) {
            check_text(message);
            a407_report_add_problem(&report, l.time_us, message);
        }
        text += len + 1;
    }
    a407_pending_flush(&pending);
    check_sums(&report);
    check_shown(&report);
    a407_report_free(&report);
    a407_report_parser_free(parser);
    return 0;
}
