/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/ascii.h"
#include "core/base/date.h"

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)

/* A text of a shape at *s, which then moves on: "0" is a digit, and the numbers
   go to v, which is all 0; another character stands for itself. */
static bool take(const char **s, const char *end, const char *shape, int *v)
{
    const char *at = *s;

    for (; *shape; shape++, at++) {
        if (at == end || (*shape == '0' ? !a407_is_digit(*at) : *at != *shape))
            return false;
        if (*shape == '0')
            *v = *v * 10 + (*at - '0');
        else
            v++;
    }
    *s = at;
    return true;
}

static bool take_char(const char **s, const char *end, const char *set)
{
    if (*s == end || !**s || !strchr(set, **s))
        return false;
    (*s)++;
    return true;
}

/* What a text says of a moment. */
struct moment {
    struct a407_date d;
    bool has_date, has_zone;
    int64_t unit;             /* the least one that is named, as microseconds */
    int64_t fraction, offset; /* of the second, and of the zone */
};

/* ".126224": microseconds; what is finer is dropped. */
static bool take_fraction(const char **s, const char *end, int64_t *us)
{
    int64_t unit = SECOND / 10;
    const char *from = *s;

    for (; *s < end && a407_is_digit(**s); (*s)++, unit /= 10)
        *us += (**s - '0') * unit;
    return *s > from;
}

/* "Z" or "+01:00". */
static bool take_zone(const char **s, const char *end, int64_t *offset)
{
    bool west = **s == '-';
    int v[2] = {0};

    if (take_char(s, end, "Zz"))
        return true;
    if (!take_char(s, end, "+-") || !take(s, end, "00:00", v) || v[0] > 23 ||
        v[1] > 59)
        return false;
    *offset = (west ? -SECOND : SECOND) * (v[0] * 3600 + v[1] * 60);
    return true;
}

/* "2026-11-21", "14:03" or "14:03:05.126224" of `day`, or both; a zone may
   follow a time. 60 is a leap second. */
static bool read_moment(struct a407_span text, struct a407_date day,
                        struct moment *m)
{
    const char *s = text.p ? text.p : "", *end = s + text.n;
    int date[3] = {0}, clock[3] = {0};

    *m = (struct moment){.d = day, .unit = DAY};
    m->has_date = take(&s, end, "0000-00-00", date);
    if (m->has_date)
        m->d = (struct a407_date){date[0], date[1], date[2], 0, 0, 0};
    if (m->has_date && s == end)
        return a407_date_ok(&m->d);
    if ((m->has_date && !take_char(&s, end, "Tt _")) ||
        !take(&s, end, "00:00", clock))
        return false;
    m->unit = 60 * SECOND;
    if (take_char(&s, end, ":")) {
        m->unit = SECOND;
        if (!take(&s, end, "00", clock + 2))
            return false;
        if (take_char(&s, end, ".")) {
            m->unit = 1;
            if (!take_fraction(&s, end, &m->fraction))
                return false;
        }
    }
    m->d.hour = clock[0];
    m->d.minute = clock[1];
    m->d.second = clock[2];
    m->has_zone = s < end;
    return (s == end || take_zone(&s, end, &m->offset)) && s == end &&
           a407_date_ok(&m->d);
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
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t i;

    *age = 0;
    do {
        char *end;
        unsigned long v;

        if (*s < '0' || *s > '9')
            return false;
        v = strtoul(s, &end, 10);
        for (i = 0; i < sizeof units / sizeof *units; i++)
            if (*end == units[i].letter)
                break;
        if (i == sizeof units / sizeof *units || v > 1000000)
            return false;
        *age += (int64_t)v * units[i].seconds * SECOND;
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

void a407_report_time_utc(int64_t us, char out[static 32])
{
    struct a407_date d = a407_date_of(us / SECOND - (us % SECOND < 0));

    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year, d.month, d.day,
             d.hour, d.minute, d.second);
}

void a407_report_time_local(int64_t us, char out[static 32])
{
    time_t s = (time_t)(us / SECOND - (us % SECOND < 0));
    struct tm t = {0};

    localtime_r(&s, &t);
    if (strftime(out, 32, "%Y-%m-%d %H:%M:%S", &t) == 0)
        out[0] = '\0';
}
