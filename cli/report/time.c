/* SPDX-License-Identifier: MIT */
#include "time.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/ascii.h"
#include "core/base/date.h"

#define SECOND INT64_C(1000000)

/*
 * A text of a shape at *s, which then moves on: "0" is a digit, and the numbers
 * go to v, which is all 0; another character stands for itself.
 */
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

static bool take_date(const char **s, const char *end, struct a407_date *d)
{
    int v[3] = {0};

    if (!take(s, end, "0000-00-00", v))
        return false;
    *d = (struct a407_date){v[0], v[1], v[2], 0, 0, 0};
    return a407_date_ok(d);
}

/* "14:03" or "14:03:05" of a day; 60 is a leap second. */
static bool take_clock(const char **s, const char *end, struct a407_date *d,
                       bool *seconds)
{
    int v[3] = {0};

    if (!take(s, end, "00:00", v))
        return false;
    *seconds = take_char(s, end, ":");
    if (*seconds && !take(s, end, "00", v + 2))
        return false;
    d->hour = v[0];
    d->minute = v[1];
    d->second = v[2];
    return a407_date_ok(d);
}

/* ".126224": microseconds; what is finer is dropped. */
static bool take_fraction(const char **s, const char *end, int64_t *us)
{
    int64_t unit = SECOND / 10;
    const char *from;

    *us = 0;
    if (!take_char(s, end, "."))
        return true;
    for (from = *s; *s < end && a407_is_digit(**s); (*s)++, unit /= 10)
        *us += (**s - '0') * unit;
    return *s > from;
}

/* "Z" or "+01:00", in seconds. */
static bool take_zone(const char **s, const char *end, int64_t *offset)
{
    int v[2] = {0};
    bool west;

    *offset = 0;
    if (take_char(s, end, "Zz"))
        return true;
    west = *s < end && **s == '-';
    if (!take_char(s, end, "+-") || !take(s, end, "00:00", v) || v[0] > 23 ||
        v[1] > 59)
        return false;
    *offset = (west ? -1 : 1) * (v[0] * 3600 + v[1] * 60);
    return true;
}

/*
 * RFC 3339; `step`: the last unit that it names, as microseconds. Seconds may
 * be left out only if `lax`.
 */
static bool take_rfc3339(struct a407_span text, bool lax, int64_t *us,
                         int64_t *step)
{
    const char *s = text.p ? text.p : "", *end = s + text.n, *point;
    int64_t offset, fraction = 0;
    struct a407_date d;
    bool seconds;

    if (!take_date(&s, end, &d) || !take_char(&s, end, "Tt _") ||
        !take_clock(&s, end, &d, &seconds) || (!seconds && !lax))
        return false;
    point = s;
    if (seconds && !take_fraction(&s, end, &fraction))
        return false;
    *step = s > point ? 1 : seconds ? SECOND : 60 * SECOND;
    if (!take_zone(&s, end, &offset) || s != end)
        return false;
    *us = (a407_date_seconds(&d) - offset) * SECOND + fraction;
    return true;
}

bool a407_report_time_rfc3339(struct a407_span text, int64_t *us)
{
    int64_t step;

    return take_rfc3339(text, false, us, &step);
}

static struct a407_date today(int64_t now_us)
{
    time_t now = (time_t)(now_us / SECOND);
    struct tm t = {0};

    localtime_r(&now, &t);
    return (struct a407_date){
        t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, 0, 0, 0};
}

/* A local time, or that of so many days and seconds later, less one
   microsecond: as an end. */
static bool local(const struct a407_date *d, bool until, int days, int seconds,
                  int64_t *us)
{
    struct tm t = {.tm_year = d->year - 1900,
                   .tm_mon = d->month - 1,
                   .tm_mday = d->day + (until ? days : 0),
                   .tm_hour = d->hour,
                   .tm_min = d->minute,
                   .tm_sec = d->second + (until ? seconds : 0),
                   .tm_isdst = -1};

    *us = (int64_t)mktime(&t) * SECOND - (until ? 1 : 0);
    return true;
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

static bool parse_word(const char *text, int64_t now_us, bool until,
                       int64_t *us)
{
    struct a407_date d = today(now_us);

    if (strcmp(text, "now") == 0) {
        *us = now_us;
        return true;
    }
    if (strcmp(text, "today") != 0 && strcmp(text, "yesterday") != 0)
        return false;
    d.day -= *text == 'y';
    return local(&d, until, 1, 0, us);
}

bool a407_report_time_parse(const char *text, int64_t now_us, bool until,
                            int64_t *us)
{
    const char *s = text, *end = text + strlen(text);
    struct a407_date d = today(now_us);
    bool seconds, date;
    int64_t age, step;

    if (parse_word(text, now_us, until, us))
        return true;
    if (take_rfc3339(a407_span_str(text), true, us, &step)) {
        *us += until ? step - 1 : 0;
        return true;
    }
    if (take_age(text, &age)) {
        *us = now_us - age;
        return true;
    }
    date = take_date(&s, end, &d);
    if (date && s == end)
        return local(&d, until, 1, 0, us);
    if (!date)
        s = text;
    else if (!take_char(&s, end, "T _"))
        return false;
    if (!take_clock(&s, end, &d, &seconds) || s != end)
        return false;
    return local(&d, until, 0, seconds ? 1 : 60, us);
}

void a407_report_time_utc(int64_t us, char out[static 32])
{
    time_t s = (time_t)(us / SECOND - (us % SECOND < 0));
    struct tm t = {0};

    gmtime_r(&s, &t);
    if (strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &t) == 0)
        out[0] = '\0';
}

void a407_report_time_local(int64_t us, char out[static 32])
{
    time_t s = (time_t)(us / SECOND - (us % SECOND < 0));
    struct tm t = {0};

    localtime_r(&s, &t);
    if (strftime(out, 32, "%Y-%m-%d %H:%M:%S", &t) == 0)
        out[0] = '\0';
}
