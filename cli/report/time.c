/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/date.h"

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)

/* What a text says of a moment. */
struct moment {
    struct a407_date d;
    bool has_date, has_zone;
    int64_t unit;             /* the least one that is named, as microseconds */
    int64_t fraction, offset; /* of the second, and of the zone */
};

/* ".126224": what is finer than a microsecond is dropped. */
static bool take_fraction(struct a407_span *s, struct moment *m)
{
    struct a407_span digits;
    size_t i;

    if (a407_span_peek(s) != '.')
        return true;
    a407_span_take(s);
    digits = a407_span_run(s, a407_is_digit);
    m->unit = SECOND;
    for (i = 0; i < digits.n; i++) {
        m->unit /= 10;
        m->fraction += (digits.p[i] - '0') * m->unit;
    }
    m->unit = 1;
    return digits.n != 0;
}

/* "Z" or "+01:00", or nothing more. */
static bool take_zone(struct a407_span *s, struct moment *m)
{
    struct a407_date ahead = {.year = 1970, .month = 1, .day = 1};
    char c;

    m->has_zone = s->n != 0;
    if (!m->has_zone)
        return true;
    c = a407_span_take(s);
    if (c != '+' && c != '-')
        return c == 'Z' || c == 'z';
    if (!a407_date_take(s, "%H:%M", &ahead) || !a407_date_ok(&ahead))
        return false;
    m->offset = a407_date_seconds(&ahead) * (c == '-' ? -SECOND : SECOND);
    return true;
}

/* "2026-11-21", "14:03" or "14:03:05.126224" of `day`, or both; a zone may
   follow a time. 60 is a leap second. */
static bool read_moment(struct a407_span s, struct a407_date day,
                        struct moment *m)
{
    *m = (struct moment){.d = day, .unit = DAY};
    m->has_date = a407_date_take(&s, "%Y-%m-%d", &m->d);
    if (m->has_date && !s.n)
        return a407_date_ok(&m->d);
    if ((m->has_date && !memchr("Tt _", a407_span_take(&s), 4)) ||
        !a407_date_take(&s, "%H:%M", &m->d))
        return false;
    m->unit = 60 * SECOND;
    if (a407_date_take(&s, ":%S", &m->d)) {
        m->unit = SECOND;
        if (!take_fraction(&s, m))
            return false;
    }
    return take_zone(&s, m) && !s.n && a407_date_ok(&m->d);
}

static int64_t utc(const struct moment *m)
{
    return a407_date_seconds(&m->d) * SECOND + m->fraction - m->offset;
}

bool a407_report_time_rfc3339(struct a407_span text, int64_t *us)
{
    struct moment m;

    if (!read_moment(text, (struct a407_date){0}, &m) || !m.has_date ||
        !m.has_zone || m.unit > SECOND)
        return false;
    *us = utc(&m);
    return true;
}

/* A time of the local clock, or the end of that day, minute or second. */
static int64_t local(const struct a407_date *d, int64_t unit, bool until)
{
    struct tm t = {.tm_year = d->year - 1900,
                   .tm_mon = d->month - 1,
                   .tm_mday = d->day + (until && unit == DAY),
                   .tm_hour = d->hour,
                   .tm_min = d->minute,
                   .tm_sec = d->second +
                             (until && unit < DAY ? (int)(unit / SECOND) : 0),
                   .tm_isdst = -1};

    return (int64_t)mktime(&t) * SECOND - (until ? 1 : 0);
}

/* Far beyond any log, and far from what an int64_t holds. */
#define AGE_MAX (INT64_C(1000000) * 86400 * SECOND)

/* "2h", "1h30m": how long ago. */
static bool take_age(const char *s, int64_t *age)
{
    static const char letters[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};

    *age = 0;
    do {
        char *end;
        unsigned long v = strtoul(s, &end, 10);
        const char *unit = *end ? strchr(letters, *end) : NULL;

        if (!a407_is_digit(*s) || !unit || v > 1000000)
            return false;
        *age += (int64_t)v * seconds[unit - letters] * SECOND;
        if (*age > AGE_MAX)
            return false;
        s = end + 1;
    } while (*s);
    return true;
}

bool a407_report_time_parse(const char *text, int64_t now_us, bool until,
                            int64_t *us)
{
    time_t now = (time_t)(now_us / SECOND);
    struct a407_date day = {0};
    struct moment m;
    struct tm t = {0};

    localtime_r(&now, &t);
    day.year = t.tm_year + 1900;
    day.month = t.tm_mon + 1;
    day.day = t.tm_mday - (strcmp(text, "yesterday") == 0);
    if (strcmp(text, "now") == 0) {
        *us = now_us;
    } else if (strcmp(text, "today") == 0 || day.day != t.tm_mday) {
        *us = local(&day, DAY, until);
    } else if (take_age(text, us)) {
        *us = now_us - *us;
    } else {
        if (!read_moment(a407_span_str(text), day, &m) ||
            (m.has_zone ? !m.has_date : m.unit == 1))
            return false;
        *us = m.has_zone ? utc(&m) + (until ? m.unit - 1 : 0)
                         : local(&m.d, m.unit, until);
    }
    return true;
}

void a407_report_time_show(bool utc, int64_t us, char out[static 32])
{
    time_t s = (time_t)(us / SECOND - (us % SECOND < 0));
    struct tm t = {0};

    if (!(utc ? gmtime_r : localtime_r)(&s, &t) ||
        !strftime(out, 32, utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d %H:%M:%S",
                  &t))
        out[0] = '\0';
}
