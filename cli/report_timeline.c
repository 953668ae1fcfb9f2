/* SPDX-License-Identifier: MIT */
#include "report_timeline.h"

#define SECOND INT64_C(1000000)

/* Rounds down, also below zero: buckets lie on multiples of their width. */
static int64_t divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Half as many buckets, twice as wide, still on multiples of the width. */
static void halve(struct a407_report_timeline *t)
{
    int64_t first = divide(t->start_us, t->width_us);
    int64_t base = divide(first, 2);
    size_t i, o, n = 0;

    for (i = 0; i < t->n; i++) {
        size_t to = (size_t)(divide(first + (int64_t)i, 2) - base);

        for (o = 0; o < A407_REPORT_OUTCOMES; o++) {
            uint64_t v = t->count[i][o];

            t->count[i][o] = 0;
            t->count[to][o] += v;
        }
        n = to + 1;
    }
    t->n = n;
    t->width_us *= 2;
    t->start_us = base * t->width_us;
}

/* Moves all buckets up, so that `by` empty ones come first. */
static void prepend(struct a407_report_timeline *t, size_t by)
{
    memmove(t->count[by], t->count[0], t->n * sizeof t->count[0]);
    memset(t->count[0], 0, by * sizeof t->count[0]);
    t->n += by;
    t->start_us -= (int64_t)by * t->width_us;
}

void a407_timeline_add(struct a407_report_timeline *t, int64_t us,
                       enum a407_outcome o)
{
    int64_t at;

    if (t->n == 0) {
        t->width_us = SECOND;
        t->start_us = divide(us, SECOND) * SECOND;
        t->n = 1;
    }
    for (;;) {
        at = divide(us, t->width_us) - divide(t->start_us, t->width_us);
        if (at < A407_REPORT_BUCKETS &&
            (at >= 0 || (int64_t)t->n - at <= A407_REPORT_BUCKETS))
            break;
        halve(t);
    }
    if (at < 0) {
        prepend(t, (size_t)-at);
        at = 0;
    }
    if ((size_t)at >= t->n)
        t->n = (size_t)at + 1;
    t->count[at][o]++;
}
