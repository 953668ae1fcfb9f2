/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <time.h>

#define SECOND INT64_C(1000000)

/* Each is a multiple of the one before, so that buckets can be added up. */
static const int64_t widths[] = {1,    5,    15,    30,    60,    300,  900,
                                 1800, 3600, 10800, 21600, 43200, 86400};

/* The next width above one. */
static int64_t wider(int64_t width_us)
{
    size_t i;

    for (i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i] * SECOND > width_us)
            return widths[i] * SECOND;
    return width_us * 2;
}

/* The number of the bucket of a width that a time is in. */
static int64_t number(const struct a407_report_timeline *t, int64_t us,
                      int64_t width_us)
{
    int64_t local = us + t->zone_us;

    return local / width_us - (local % width_us < 0);
}

/* Fewer and wider buckets. */
static void widen(struct a407_report_timeline *t)
{
    int64_t width = wider(t->width_us);
    int64_t base = number(t, t->start_us, width);
    size_t i, o, n = 0;

    for (i = 0; i < t->n; i++) {
        int64_t us = t->start_us + (int64_t)i * t->width_us;
        size_t to = (size_t)(number(t, us, width) - base);

        for (o = 0; o < A407_REPORT_OUTCOMES; o++) {
            uint64_t v = t->count[i][o];

            t->count[i][o] = 0;
            t->count[to][o] += v;
        }
        n = to + 1;
    }
    t->n = n;
    t->width_us = width;
    t->start_us = base * width - t->zone_us;
}

/* Moves all buckets up, so that `by` empty ones come first. */
static void prepend(struct a407_report_timeline *t, size_t by)
{
    memmove(t->count[by], t->count[0], t->n * sizeof t->count[0]);
    memset(t->count[0], 0, by * sizeof t->count[0]);
    t->n += by;
    t->start_us -= (int64_t)by * t->width_us;
}

static void begin(struct a407_report_timeline *t, int64_t us)
{
    time_t s = (time_t)(us / SECOND);
    struct tm tm = {0};

    localtime_r(&s, &tm);
    t->zone_us = (int64_t)tm.tm_gmtoff * SECOND;
    t->width_us = SECOND;
    t->start_us = number(t, us, SECOND) * SECOND - t->zone_us;
    t->n = 1;
}

void a407_timeline_add(struct a407_report_timeline *t, int64_t us,
                       enum a407_outcome o)
{
    int64_t at;

    if (t->n == 0)
        begin(t, us);
    for (;;) {
        at = number(t, us, t->width_us) - number(t, t->start_us, t->width_us);
        if (at < A407_REPORT_BUCKETS &&
            (at >= 0 || (int64_t)t->n - at <= A407_REPORT_BUCKETS))
            break;
        widen(t);
    }
    if (at < 0) {
        prepend(t, (size_t)-at);
        at = 0;
    }
    if ((size_t)at >= t->n)
        t->n = (size_t)at + 1;
    t->count[at][o]++;
}
