/* SPDX-License-Identifier: MIT */
#ifndef A407_DATE_H
#define A407_DATE_H

#include "span.h"

/* Civil dates (Gregorian, UTC) by counting: the C library's calendar looks at
   TZ and its file, and timegm() is slow. */
struct a407_date {
    int year;       /* 0 to 9999 */
    int month, day; /* from 1 */
    int hour, minute, second;
};

/* Are there such a day and time? A second of 60 is a leap second. */
bool a407_date_ok(const struct a407_date *d);

/* Seconds since the epoch; d must be ok. */
int64_t a407_date_seconds(const struct a407_date *d);

/* The same the other way; times before year 0 or after 9999 become its first or
   last second. */
struct a407_date a407_date_of(int64_t seconds);

/*
 * Takes a date off the front of a text. `form` is one of strptime(3), in no
 * locale: %a %b %d %e %m %y %Y %H %M %S, which are of fixed width but for %a;
 * any other character stands for itself. What it does not tell stays as *d has
 * it. It need not be ok. False: the text is none; both are unchanged.
 */
bool a407_date_take(struct a407_span *s, const char *form, struct a407_date *d);

/*
 * A Date field's value, in any of the three forms of RFC 9110 section 5.6.7, as
 * seconds since the epoch. The name of the day is not compared with the date. A
 * year of two digits is one of 1970 to 2069. False: *out is unchanged.
 */
bool a407_http_date(struct a407_span s, int64_t *out);

#endif
