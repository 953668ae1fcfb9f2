/* SPDX-License-Identifier: MIT */
#include "date.h"

/* 0000-01-01 and 9999-12-31 */
#define FIRST (-INT64_C(62167219200))
#define LAST  INT64_C(253402300799)

/* From 0000-03-01, in years that begin in March, to 1970-01-01. */
#define MARCH_TO_EPOCH 719468

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool a407_date_ok(const struct a407_date *d)
{
    return d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= days_in(d->year, d->month) && d->hour >= 0 &&
           d->hour < 24 && d->minute >= 0 && d->minute < 60 && d->second >= 0 &&
           d->second <= 60;
}

int64_t a407_date_seconds(const struct a407_date *d)
{
    int64_t y = d->year - (d->month <= 2) + 400; /* never below 0 */
    int64_t in_year = (153 * ((d->month + 9) % 12) + 2) / 5 + d->day - 1;
    int64_t days =
        y * 365 + y / 4 - y / 100 + y / 400 + in_year - 146097 - MARCH_TO_EPOCH;
    return ((days * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
}

struct a407_date a407_date_of(int64_t s)
{
    s = s < FIRST ? FIRST : s > LAST ? LAST : s;
    int64_t days = (s - FIRST) / 86400, left = (s - FIRST) % 86400;
    days += 146097 - 60; /* since 0000-03-01, less one cycle of 400 years */
    int64_t cycle = days / 146097, of_cycle = days % 146097;
    int64_t years =
        (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) /
        365;
    int64_t of_year = of_cycle - (365 * years + years / 4 - years / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March */
    return (struct a407_date){
        .year = (int)(years + (cycle - 1) * 400 + (month > 9)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(left / 3600),
        .minute = (int)(left / 60 % 60),
        .second = (int)(left % 60)};
}

/* ---- as they are written ---- */

/* What is left of the text; `bad` is sticky, so that one test does. */
struct cursor {
    struct a407_span s;
    bool bad;
};

static char take(struct cursor *c)
{
    c->bad = c->bad || !c->s.n;
    return a407_span_take(&c->s);
}

static void expect(struct cursor *c, char want)
{
    c->bad = take(c) != want || c->bad;
}

static int digits(struct cursor *c, int n)
{
    int v = 0;
    while (n-- > 0) {
        char d = take(c);
        c->bad = c->bad || !a407_is_digit(d);
        v = v * 10 + (d - '0');
    }
    return v;
}

/* Which of the names, of three letters each: from 1. Case counts. */
static int name(struct cursor *c, const char *names)
{
    char z[3] = {take(c), take(c), take(c)};
    for (int i = 1; *names; i++, names += 3)
        if (memcmp(z, names, 3) == 0)
            return i;
    c->bad = true;
    return 1;
}

static void convert(struct cursor *c, char what, struct a407_date *d)
{
    switch (what) {
    case 'a': /* whichever day it is, and however long its name */
        name(c, "SunMonTueWedThuFriSat");
        a407_span_run(&c->s, a407_is_alpha);
        return;
    case 'b':
        d->month = name(c, "JanFebMarAprMayJunJulAugSepOctNovDec");
        return;
    case 'd':
        d->day = digits(c, 2);
        return;
    case 'e': /* a blank in the place of a first 0 */
        if (a407_span_peek(&c->s) == ' ')
            take(c);
        else
            d->day = digits(c, 1) * 10;
        d->day += digits(c, 1);
        return;
    case 'y':
        d->year = digits(c, 2);
        d->year += d->year < 70 ? 2000 : 1900;
        return;
    case 'Y':
        d->year = digits(c, 4);
        return;
    case 'm':
        d->month = digits(c, 2);
        return;
    case 'H':
        d->hour = digits(c, 2);
        return;
    case 'M':
        d->minute = digits(c, 2);
        return;
    default:
        d->second = digits(c, 2);
    }
}

bool a407_date_take(struct a407_span *s, const char *form, struct a407_date *d)
{
    struct cursor c = {*s, false};
    struct a407_date out = *d;
    for (; *form; form++) {
        if (*form == '%')
            convert(&c, *++form, &out);
        else
            expect(&c, *form);
    }
    if (c.bad)
        return false;
    *s = c.s;
    *d = out;
    return true;
}

bool a407_http_date(struct a407_span s, int64_t *out)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
                                        "%a, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    s = a407_span_trim(s);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct a407_span rest = s;
        struct a407_date d = {0};
        if (a407_date_take(&rest, forms[i], &d) && !rest.n &&
            a407_date_ok(&d)) {
            *out = a407_date_seconds(&d);
            return true;
        }
    }
    return false;
}
