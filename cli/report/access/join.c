/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/*
 * Both sides, key by key, each leg in order of time with the lines around it.
 * Lines that no leg took are told of when they have fallen behind.
 */

/* Besides the tolerance: for whole seconds, and for what auth407 itself did
   between two attempts (asked a helper, waited for a ticket). The latter only
   where the ports say that it is the same connection. */
#define COARSE_US  ((int64_t)500000)
#define BETWEEN_US ((int64_t)30000000)

#define WINDOW 4096 /* lines of one key around one moment */

struct window {
    struct a407_report_access *a;
    struct a407_access_entry *lines; /* WINDOW of them; `other`: taken or not */
    size_t n;
    struct a407_access_entry ahead; /* the next one of the log */
    bool have;
};

void a407_access_median_add(struct a407_access_median *m, int64_t v)
{
    size_t i;

    if (m->n == A407_ACCESS_SAMPLE) { /* every other one goes */
        for (i = 0; i < A407_ACCESS_SAMPLE / 2; i++)
            m->value[i] = m->value[2 * i];
        m->n = A407_ACCESS_SAMPLE / 2;
        m->step = m->step ? 2 * m->step : 2;
    }
    if (m->step == 0 || m->seen % m->step == 0)
        m->value[m->n++] = v;
    m->seen++;
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

int64_t a407_access_median(struct a407_access_median *m)
{
    if (m->n == 0)
        return 0;
    qsort(m->value, m->n, sizeof m->value[0], compare);
    return m->value[m->n / 2];
}

static void take_ahead(struct window *w)
{
    w->have = a407_access_sort_next(w->a->lines, &w->ahead);
    w->ahead.other = A407_ACCESS_NONE;
}

/* A line that was not taken and won't be. */
static void settle(struct window *w, const struct a407_access_entry *line)
{
    struct a407_report_access *a = w->a;
    int64_t ours = line->at_us - a->sums.offset_us;

    if (line->other != A407_ACCESS_NONE || !(line->flags & A407_ACCESS_IS_407))
        return;
    /* at the edges of the range its record may just be outside */
    if (a->since_us != INT64_MIN && ours < a->since_us + a->tolerance_us)
        return;
    if (a->until_us != INT64_MAX && ours > a->until_us - a->tolerance_us)
        return;
    a->sums.without_record++;
    a407_access_group_add(a, line->ref, line->at_us);
}

/* Settles the first n lines of the window. */
static void drop(struct window *w, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        settle(w, &w->lines[i]);
    w->n -= n;
    memmove(w->lines, w->lines + n, w->n * sizeof *w->lines);
}

/* All lines of a key below `key`, those in the window included. */
static void pass_keys(struct window *w, uint64_t key)
{
    if (w->n && w->lines[0].key < key)
        drop(w, w->n);
    while (w->have && w->ahead.key < key) {
        settle(w, &w->ahead);
        take_ahead(w);
    }
}

static int64_t reach(const struct window *w,
                     const struct a407_access_entry *leg)
{
    return w->a->tolerance_us + COARSE_US + (leg->leg ? BETWEEN_US : 0);
}

/* Fills the window around the leg, as far as there is room. */
static void move_to(struct window *w, const struct a407_access_entry *leg)
{
    int64_t at = leg->at_us + w->a->sums.offset_us, around = reach(w, leg);
    size_t old = 0;

    pass_keys(w, leg->key);
    while (old < w->n && w->lines[old].at_us < at - around)
        old++;
    /* moved together now and then, not for each leg */
    if (old > WINDOW / 8 || w->n == old) {
        drop(w, old);
        old = 0;
    }
    while (w->have && w->ahead.key == leg->key &&
           w->ahead.at_us <= at + around) {
        if (w->n == WINDOW && old == 0)
            return; /* more of them than can be told apart anyway */
        if (w->n == WINDOW) {
            drop(w, old);
            old = 0;
        }
        w->lines[w->n++] = w->ahead;
        take_ahead(w);
    }
}

/* How well they fit; 0: not at all. */
static int fits(const struct window *w, const struct a407_access_entry *leg,
                const struct a407_access_entry *line, int64_t difference)
{
    bool port = leg->port && line->port == leg->port && w->a->sums.ports;
    bool other_port =
        leg->port && line->port && line->port != leg->port && w->a->sums.ports;
    int64_t allowed = w->a->tolerance_us +
                      (line->flags & A407_ACCESS_COARSE ? COARSE_US : 0) +
                      (port && leg->leg ? BETWEEN_US : 0);

    if (line->other != A407_ACCESS_NONE || other_port ||
        llabs(difference) > allowed ||
        (leg->flags & A407_ACCESS_PORT_ONLY && !port))
        return 0;
    return 1 + 2 * port + (leg->leg == 0 && line->user == leg->user);
}

static struct a407_access_entry *best_line(struct window *w,
                                           const struct a407_access_entry *leg)
{
    struct a407_access_entry *best = NULL;
    int64_t best_difference = 0;
    int best_fit = 0;
    size_t i;

    for (i = 0; i < w->n; i++) {
        struct a407_access_entry *line = &w->lines[i];
        int64_t difference = line->at_us - w->a->sums.offset_us - leg->at_us;
        int fit = line->key == leg->key ? fits(w, leg, line, difference) : 0;

        if (fit == 0 || fit < best_fit ||
            (fit == best_fit && llabs(difference) >= llabs(best_difference)))
            continue;
        best = line;
        best_fit = fit;
        best_difference = difference;
    }
    return best;
}

/* What became of one leg goes to the results. */
static void match(struct window *w, struct a407_access_entry *leg)
{
    struct a407_report_access *a = w->a;
    struct a407_access_entry *line, out = *leg;

    move_to(w, leg);
    line = best_line(w, leg);
    out.other = A407_ACCESS_NONE;
    if (line) {
        bool by_port = a->sums.ports && leg->port && leg->port == line->port;

        line->other = leg->ref;
        out.other = line->ref;
        out.difference_us = line->at_us - leg->at_us;
        out.flags |= by_port ? A407_ACCESS_BY_PORT : 0;
        if (leg->leg == 0) {
            a407_access_median_add(by_port ? &a->by_port : &a->by_time,
                                   out.difference_us);
            a->sums.offset_coarse |= (line->flags & A407_ACCESS_COARSE) != 0;
        }
    }
    if (!(leg->flags & A407_ACCESS_SELECTED))
        return;
    if (leg->leg == 0 && line) {
        a->sums.matched++;
        a->sums.by_port += (out.flags & A407_ACCESS_BY_PORT) != 0;
        a->sums.ports_differ +=
            leg->port && line->port && leg->port != line->port;
    }
    out.key = leg->flags & A407_ACCESS_UNRESOLVED ? 0 : 1;
    out.at_us = leg->record_us;
    a407_access_sort_add(a->results, &out);
}

static void tell_offset(struct a407_report_access *a)
{
    struct a407_access_sums *s = &a->sums;

    s->offset_known = s->shifted || a->by_port.n || a->by_time.n;
    s->offset_by_port = a->by_port.n > 0;
    if (a->by_port.n)
        s->offset_us = a407_access_median(&a->by_port);
    else if (a->by_time.n)
        s->offset_us = a407_access_median(&a->by_time);
}

void a407_access_join(struct a407_report_access *a)
{
    struct window w = {.a = a};
    struct a407_access_entry leg;

    w.lines = malloc(WINDOW * sizeof *w.lines);
    if (!w.lines) {
        a->error = ENOMEM;
        return;
    }
    a407_access_sort_rewind(a->legs);
    a407_access_sort_rewind(a->lines);
    take_ahead(&w);
    while (a407_access_sort_next(a->legs, &leg))
        match(&w, &leg);
    drop(&w, w.n);
    for (; w.have; take_ahead(&w))
        settle(&w, &w.ahead);
    free(w.lines);
    a->sums.without_line = a->sums.records - a->sums.matched;
    tell_offset(a);
}
