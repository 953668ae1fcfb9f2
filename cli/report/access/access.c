/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "cli/msg.h"
#include "internal.h"

static bool open_files(struct a407_report_access *a,
                       const struct a407_report_access_options *o)
{
    size_t i;

    for (i = 0; i < o->n; i++) {
        if (!a407_access_open(&a->readers[i], o->files[i])) {
            a407_error("can't read the proxy's log %s: %s", o->files[i],
                       strerror(errno));
            return false;
        }
        a->n_readers++;
    }
    return true;
}

static bool make_room(struct a407_report_access *a, size_t files)
{
    a->readers = calloc(files ? files : 1, sizeof *a->readers);
    a->texts = calloc(1, sizeof *a->texts);
    a->legs = calloc(1, sizeof *a->legs);
    a->lines = calloc(1, sizeof *a->lines);
    a->results = calloc(1, sizeof *a->results);
    a->filter = calloc(1, A407_ACCESS_FILTER);
    a->groups = calloc(A407_ACCESS_GROUPS, sizeof *a->groups);
    if (a->texts)
        a->texts->fd = -1;
    if (!a->readers || !a->texts || !a->legs || !a->lines || !a->results ||
        !a->filter || !a->groups || !a407_access_sort_open(a->legs) ||
        !a407_access_sort_open(a->lines) ||
        !a407_access_sort_open(a->results)) {
        a407_error("memory ran out");
        return false;
    }
    if (a407_access_texts_open(a->texts))
        return true;
    a407_error("can't make a temporary file in TMPDIR or /tmp: %s",
               strerror(a->texts->error));
    return false;
}

struct a407_report_access *
a407_report_access_open(const struct a407_report_access_options *o)
{
    struct a407_report_access *a = calloc(1, sizeof *a);

    if (!a) {
        a407_error("memory ran out");
        return NULL;
    }
    a->names = o->files;
    a->tolerance_us = o->tolerance_us;
    a->since_us = o->since_us;
    a->until_us = o->until_us;
    a407_buf_init(&a->scratch, A407_ACCESS_TEXT_MAX);
    if (make_room(a, o->n) && open_files(a, o))
        return a;
    a407_report_access_free(a);
    return NULL;
}

void a407_report_access_free(struct a407_report_access *a)
{
    struct a407_access_sort *sorts[3];
    size_t i;

    if (!a)
        return;
    for (i = 0; i < a->n_readers; i++)
        a407_access_close(&a->readers[i]);
    free(a->readers);
    if (a->texts)
        a407_access_texts_close(a->texts);
    free(a->texts);
    sorts[0] = a->legs;
    sorts[1] = a->lines;
    sorts[2] = a->results;
    for (i = 0; i < 3; i++) {
        if (sorts[i])
            a407_access_sort_close(sorts[i]);
        free(sorts[i]);
    }
    free(a->filter);
    free(a->groups);
    a407_buf_free(&a->scratch);
    free(a);
}

/* One answered request of a record, at the moment that the log should have. */
static void add_leg(struct a407_report_access *a, struct a407_access_entry *e,
                    const struct a407_report_record *l, struct a407_span target,
                    int status)
{
    e->key = a407_access_key(l->method, target, status);
    a407_access_filter_add(a->filter, e->key);
    a407_access_sort_add(a->legs, e);
}

/*
 * A client that answers by NTLM, or by NTLM within Negotiate, meets one more
 * 407 on its way, which has no record. Its line in the proxy's log is taken
 * here, if the port says whose it is, and nothing else comes of it.
 */
static void add_handshake(struct a407_report_access *a,
                          const struct a407_access_entry *own,
                          const struct a407_report_record *l,
                          struct a407_span target)
{
    struct a407_access_entry e = *own;

    if (l->resend_count == 0 || !(a407_span_ieq(l->client_scheme, "NTLM") ||
                                  a407_span_ieq(l->client_scheme, "Negotiate")))
        return;
    e.at_us++; /* the record's own line is chosen first */
    e.leg = A407_ACCESS_LEGS;
    e.user = 0;
    e.flags = A407_ACCESS_PORT_ONLY;
    add_leg(a, &e, l, target, 407);
}

void a407_report_access_record(struct a407_report_access *a,
                               const struct a407_report_record *l,
                               bool selected)
{
    char text[A407_ACCESS_TARGET_MAX];
    struct a407_span target = {text, a407_access_target(l->target, text)};
    struct a407_access_entry e = {.at_us = l->time_us,
                                  .record_us = l->time_us,
                                  .port = (uint16_t)l->local_port};
    size_t i, shown = l->n_attempts;
    int64_t sent_us = l->time_us;

    if (shown > A407_EVENT_ATTEMPTS)
        shown = A407_EVENT_ATTEMPTS;
    if (!l->met_407)
        return;
    e.flags = (selected ? A407_ACCESS_SELECTED : 0) |
              (l->unresolved ? A407_ACCESS_UNRESOLVED : 0);
    e.ref = a407_access_put_record(a, l, target, 1 + shown);
    e.user = l->client_sent ? a407_access_user(l->client_user) : 0;
    a->sums.records += selected;
    add_leg(a, &e, l, target, l->status);
    add_handshake(a, &e, l, target);
    e.user = 0;
    for (i = 0; i < shown; i++) {
        const struct a407_report_attempt *t = &l->attempts[i];

        /* a refusal is logged when it is sent, anything else may last: there
           the moment when it began is what both sides know */
        e.at_us = sent_us + (t->status == 407 ? t->duration_us : 0);
        e.leg = (uint8_t)(i + 1);
        e.port = (uint16_t)t->local_port;
        sent_us += t->duration_us;
        if (t->status)
            add_leg(a, &e, l, target, t->status);
    }
}

static void add_line(struct a407_report_access *a,
                     const struct a407_access_line *l)
{
    char text[A407_ACCESS_TARGET_MAX];
    struct a407_span target = {text, a407_access_target(l->target, text)};
    struct a407_access_entry e = {
        .key = a407_access_key(l->method, target, l->status),
        .at_us = l->status == 407 ? l->end_us : l->start_us,
        .port = (uint16_t)l->client_port,
        .user = a407_access_user(l->user),
        .flags = l->status == 407 ? A407_ACCESS_IS_407 : 0};

    a->sums.lines_407 += l->status == 407;
    if (l->status != 407 && !a407_access_filter_has(a->filter, e.key))
        return;
    if (l->grain_us >= 1000000) {
        e.flags |= A407_ACCESS_COARSE;
        e.at_us += l->grain_us / 2;
    }
    e.ref = a407_access_put_line(a, l, target);
    a407_access_sort_add(a->lines, &e);
}

static bool read_file(struct a407_report_access *a, size_t number)
{
    struct a407_access_reader *r = &a->readers[number];
    struct a407_access_line line;
    char *p;
    size_t n;
    bool first = true;

    while (a407_access_next(r, &p, &n)) {
        if (first && n >= 2 && memcmp(p, "\x1f\x8b", 2) == 0) {
            a407_error("%s is compressed: give what zcat(1) makes of it",
                       a->names[number]);
            return false;
        }
        first = false;
        if (n == 0)
            continue;
        a->sums.lines++;
        if (a407_access_parse(p, n, &line))
            add_line(a, &line);
        else
            a->sums.unreadable++;
    }
    a->sums.too_long += r->too_long;
    a->sums.lines += r->too_long;
    if (r->error == 0)
        return true;
    a407_error("can't read the proxy's log %s: %s", a->names[number],
               strerror(r->error));
    return false;
}

/* The first error of all the parts; 0: none. */
static int error_of(const struct a407_report_access *a)
{
    if (a->error)
        return a->error;
    if (a->texts->error)
        return a->texts->error;
    if (a->legs->error)
        return a->legs->error;
    return a->lines->error ? a->lines->error : a->results->error;
}

bool a407_report_access_finish(struct a407_report_access *a)
{
    size_t i;
    int error;

    for (i = 0; i < a->n_readers; i++) {
        a->sums.files++;
        if (!read_file(a, i))
            return false;
    }
    if (a->sums.lines && a->sums.unreadable == a->sums.lines) {
        a407_error("%s is no log of squid's or Apache's format", a->names[0]);
        return false;
    }
    a407_access_find_offset(a);
    a407_access_join(a);
    a407_access_groups_sort(a);
    error = error_of(a);
    if (error)
        a407_error("can't compare with the proxy's log: %s", strerror(error));
    return error == 0;
}
