/* SPDX-License-Identifier: MIT */
#include "time.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/date.h"

#define SECOND INT64_C(1000000)

/* The number of exactly `digits` digits at *s, which moves on; or -1. */
static int take_number(const char **s, const char *end, int digits)
{
    int v = 0;

    if (end - *s < digits)
        return -1;
    for (; digits; digits--, (*s)++) {
        if (**s < '0' || **s > '9')
            return -1;
        v = v * 10 + (**s - '0');
    }
    return v;
}

static bool take_char(const char **s, const char *end, const char *set)
{
    if (*s == end || !**s || !strchr(set, **s))
        return false;
    (*s)++;
    return true;
}

/* "2026-11-21" */
static bool take_date(const char **s, const char *end, struct tm *t)
{
    int year, month, day;

    if ((year = take_number(s, end, 4)) < 0 || !take_char(s, end, "-") ||
        (month = take_number(s, end, 2)) < 1 || month > 12 ||
        !take_char(s, end, "-") || (day = take_number(s, end, 2)) < 1 ||
        !a407_date_ok(&(struct a407_date){year, month, day, 0, 0, 0}))
        return false;
    t->tm_year = year - 1900;
    t->tm_mon = month - 1;
    t->tm_mday = day;
    return true;
}

/* "14:03" or "14:03:05"; 60 is a leap second. */
static bool take_clock(const char **s, const char *end, struct tm *t,
                       bool *seconds)
{
    t->tm_sec = 0;
    if ((t->tm_hour = take_number(s, end, 2)) < 0 || t->tm_hour > 23 ||
        !take_char(s, end, ":") || (t->tm_min = take_number(s, end, 2)) < 0 ||
        t->tm_min > 59)
        return false;
    *seconds = take_char(s, end, ":");
    return !*seconds ||
           ((t->tm_sec = take_number(s, end, 2)) >= 0 && t->tm_sec <= 60);
}

/* ".126224": microseconds; what is finer is dropped. */
static bool take_fraction(const char **s, const char *end, int64_t *us)
{
    int64_t unit = SECOND / 10;
    const char *from;

    *us = 0;
    if (!take_char(s, end, "."))
        return true;
    for (from = *s; *s < end && **s >= '0' && **s <= '9'; (*s)++) {
        *us += (**s - '0') * unit;
        unit /= 10;
    }
    return *s > from;
}

/* "Z" or "+01:00", in seconds. */
static bool take_zone(const char **s, const char *end, int64_t *offset)
{
    bool west;
    int h, m;

    *offset = 0;
    if (take_char(s, end, "Zz"))
        return true;
    west = *s < end && **s == '-';
    if (!take_char(s, end, "+-") || (h = take_number(s, end, 2)) < 0 ||
        h > 23 || !take_char(s, end, ":") || (m = take_number(s, end, 2)) < 0 ||
        m > 59)
        return false;
    *offset = (west ? -1 : 1) * (h * 3600 + m * 60);
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
    struct tm t = {0};
    bool seconds;

    if (!take_date(&s, end, &t) || !take_char(&s, end, "Tt _") ||
        !take_clock(&s, end, &t, &seconds) || (!seconds && !lax))
        return false;
    point = s;
    if (seconds && !take_fraction(&s, end, &fraction))
        return false;
    *step = s > point ? 1 : seconds ? SECOND : 60 * SECOND;
    if (!take_zone(&s, end, &offset) || s != end)
        return false;
    *us = (a407_date_seconds(&(struct a407_date){t.tm_year + 1900, t.tm_mon + 1,
                                                 t.tm_mday, t.tm_hour, t.tm_min,
                                                 t.tm_sec}) -
           offset) *
              SECOND +
          fraction;
    return true;
}

bool a407_report_time_rfc3339(struct a407_span text, int64_t *us)
{
    int64_t step;

    return take_rfc3339(text, false, us, &step);
}

/* Midnight of the day `days` before the one of `now`. */
static struct tm midnight(int64_t now_us, int days)
{
    time_t now = (time_t)(now_us / SECOND);
    struct tm t = {0};

    localtime_r(&now, &t);
    t.tm_hour = t.tm_min = t.tm_sec = 0;
    t.tm_mday -= days;
    return t;
}

/* A local time; as an end, the last microsecond of the step it names. */
static bool local(struct tm *t, bool until, int days, int seconds, int64_t *us)
{
    time_t v;

    if (until) {
        t->tm_mday += days;
        t->tm_sec += seconds;
    }
    t->tm_isdst = -1;
    v = mktime(t);
    *us = (int64_t)v * SECOND - (until ? 1 : 0);
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
    struct tm t;

    if (strcmp(text, "now") == 0) {
        *us = now_us;
        return true;
    }
    if (strcmp(text, "today") != 0 && strcmp(text, "yesterday") != 0)
        return false;
    t = midnight(now_us, *text == 'y');
    return local(&t, until, 1, 0, us);
}

bool a407_report_time_parse(const char *text, int64_t now_us, bool until,
                            int64_t *us)
{
    const char *s = text, *end = text + strlen(text);
    struct tm t = midnight(now_us, 0);
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
    date = take_date(&s, end, &t);
    if (date && s == end)
        return local(&t, until, 1, 0, us);
    if (!date)
        s = text;
    else if (!take_char(&s, end, "T _"))
        return false;
    if (!take_clock(&s, end, &t, &seconds) || s != end)
        return false;
    return local(&t, until, 0, seconds ? 1 : 60, us);
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
