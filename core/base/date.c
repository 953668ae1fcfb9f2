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
