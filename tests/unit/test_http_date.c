/* SPDX-License-Identifier: MIT */
#include "core/base/date.h"

#include <stdio.h>

#include "unit.h"

static bool date(const char *z, int64_t *out)
{
    size_t n = strlen(z);
    char *p = exact(z, n);
    bool ok = a407_http_date(a407_span(p, n), out);
    free(p);
    return ok;
}

/* The three forms of RFC 9110 section 5.6.7, and its own example. */
TEST(forms)
{
    static const struct {
        const char *text;
        int64_t seconds; /* date -ud TEXT +%s */
    } dates[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {" \tSun, 06 Nov 1994 08:49:37 GMT ", 784111777},
        {"Wed Nov 16 08:49:37 1994", 784975777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
        {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
        {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
        {"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Saturday, 21-Nov-26 21:13:13 GMT", 1795295593},
        {"Monday, 01-Jan-69 00:00:00 GMT", 3124224000},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
        /* the day's name is not compared */
        {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        int64_t s = -42;
        if (!date(dates[i].text, &s) || s != dates[i].seconds)
            fail_msg("%s: %lld", dates[i].text, (long long)s);
    }
}

TEST(refused)
{
    static const char *const texts[] = {
        "",
        " ",
        "0",
        "Sun",
        "Sun,",
        "Nov, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT x",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 GMT 1994",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t s = -42;
        if (date(texts[i], &s) || s != -42)
            fail_msg("taken: %s", texts[i]);
    }
    int64_t s = -42;
    assert_false(a407_http_date(a407_span(NULL, 0), &s));
}

/* Each cut is refused, and read no further than it goes. */
TEST(cuts)
{
    static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0; n < strlen(texts[i]); n++) {
            int64_t s;
            char *p = exact(texts[i], n);
            assert_false(a407_http_date(a407_span(p, n), &s));
            free(p);
        }
}

/* Every day of four centuries against the one before it. */
TEST(days)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t before = INT64_MIN;
    unsigned days = 0;
    for (int y = 1900; y < 2300; y++)
        for (int m = 0; m < 12; m++)
            for (int d = 1; d <= 31; d++) {
                char text[80];
                int64_t s;
                snprintf(text, sizeof text, "Sun, %02d %s %d 00:00:00 GMT", d,
                         months[m], y);
                if (!a407_http_date(a407_span_str(text), &s))
                    continue;
                if (before != INT64_MIN)
                    assert_true(s == before + 86400);
                before = s;
                days++;
            }
    assert_int_equal(days, 146097);
}
