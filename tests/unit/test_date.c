/* SPDX-License-Identifier: MIT */
/* Civil dates against the C library's, in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/date.h"
#include "unit.h"

#define FIRST (-INT64_C(62167219200)) /* 0000-01-01 00:00:00 */
#define LAST  INT64_C(253402300799)   /* 9999-12-31 23:59:59 */

static void check(int64_t s)
{
    time_t at = (time_t)s;
    struct tm tm;
    struct a407_date d = a407_date_of(s);
    assert_non_null(gmtime_r(&at, &tm));
    assert_int_equal(d.year, tm.tm_year + 1900);
    assert_int_equal(d.month, tm.tm_mon + 1);
    assert_int_equal(d.day, tm.tm_mday);
    assert_int_equal(d.hour, tm.tm_hour);
    assert_int_equal(d.minute, tm.tm_min);
    assert_int_equal(d.second, tm.tm_sec);
    assert_true(a407_date_ok(&d));
    assert_int_equal(a407_date_seconds(&d), s);
}

TEST(all_years)
{
    /* a step that is no whole number of days, hours or minutes */
    for (int64_t s = FIRST; s <= LAST; s += 86400 * 3 + 3701)
        check(s);
    check(LAST);
    check(0);
    check(-1);
}

TEST(beyond)
{
    struct a407_date d = a407_date_of(INT64_MAX);
    assert_int_equal(a407_date_seconds(&d), LAST);
    d = a407_date_of(INT64_MIN);
    assert_int_equal(a407_date_seconds(&d), FIRST);
}

TEST(no_such_day)
{
    static const struct a407_date wrong[] = {
        {2026, 0, 1, 0, 0, 0},  {2026, 13, 1, 0, 0, 0}, {2026, 1, 0, 0, 0, 0},
        {2026, 1, 32, 0, 0, 0}, {2026, 4, 31, 0, 0, 0}, {2026, 2, 29, 0, 0, 0},
        {1900, 2, 29, 0, 0, 0}, {2026, 1, 1, 24, 0, 0}, {2026, 1, 1, 0, 60, 0},
        {2026, 1, 1, 0, 0, 61}};
    static const struct a407_date right[] = {{2024, 2, 29, 0, 0, 0},
                                             {2000, 2, 29, 0, 0, 0},
                                             {2026, 1, 1, 23, 59, 60}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(a407_date_ok(&wrong[i]));
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_true(a407_date_ok(&right[i]));
}
