/* SPDX-License-Identifier: MIT */
/* Times: of the log (RFC 3339) and of --since and --until. */
#include "tests/unit/exact.h"

#include <time.h>

#include "cli/report/model/model.h"
#include "cli/report/report.h"
#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000)
#define NOON   (INT64_C(1795262400) * SECOND) /* 2026-11-21T12:00:00Z */
#define DAY    (86400 * SECOND)

static const struct {
    const char *text;
    int64_t us; /* INT64_MIN: no time */
} stamps[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2026-11-21T12:00:00Z", NOON},
    {"2026-11-21t12:00:00z", NOON},
    {"2026-11-21 12:00:00Z", NOON},
    {"2026-11-21T12:00:00.5Z", NOON + 500000},
    {"2026-11-21T12:00:00.1234567Z", NOON + 123456},
    {"2026-11-21T13:30:00+01:30", NOON},
    {"2026-11-21T04:00:00-08:00", NOON},
    {"2024-02-29T00:00:00Z", INT64_C(1709164800) * SECOND},
    {"2000-02-29T00:00:00Z", INT64_C(951782400) * SECOND},
    {"1969-12-31T23:59:59Z", -SECOND},
    {"0000-01-01T00:00:00Z", INT64_C(-62167219200) * SECOND},
    {"9999-12-31T23:59:59Z", INT64_C(253402300799) * SECOND},
    {"2016-12-31T23:59:60Z", INT64_C(1483228800) * SECOND}, /* leap second */
    {"2023-02-29T00:00:00Z", INT64_MIN},
    {"1900-02-29T00:00:00Z", INT64_MIN},
    {"2026-13-01T00:00:00Z", INT64_MIN},
    {"2026-00-01T00:00:00Z", INT64_MIN},
    {"2026-11-31T00:00:00Z", INT64_MIN},
    {"2026-11-21T24:00:00Z", INT64_MIN},
    {"2026-11-21T12:60:00Z", INT64_MIN},
    {"2026-11-21T12:00:61Z", INT64_MIN},
    {"2026-11-21T12:00:00", INT64_MIN},
    {"2026-11-21T12:00Z", INT64_MIN},
    {"2026-11-21T12:00:00.Z", INT64_MIN},
    {"2026-11-21T12:00:00+24:00", INT64_MIN},
    {"2026-11-21T12:00:00+0100", INT64_MIN},
    {"2026-11-21T12:00:00Zx", INT64_MIN},
    {" 2026-11-21T12:00:00Z", INT64_MIN},
    {"", INT64_MIN},
};

TEST(test_rfc3339)
{
    size_t i, n;

    for (i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        size_t length = strlen(stamps[i].text);
        char *p = exact(stamps[i].text, length);
        int64_t us = 0;
        bool is = a407_report_time_rfc3339(a407_span(p, length), &us);

        if (is != (stamps[i].us != INT64_MIN) || (is && us != stamps[i].us))
            fail_msg("%s: %d, %lld", stamps[i].text, is, (long long)us);
        /* no shorter part of one is a time, and none is read past its end */
        for (n = 0; is && n < length; n++) {
            char *part = exact(stamps[i].text, n);

            assert_false(a407_report_time_rfc3339(a407_span(part, n), &us));
            free(part);
        }
        free(p);
    }
    assert_false(a407_report_time_rfc3339(a407_span(NULL, 0), &(int64_t){0}));
}

static const struct {
    const char *zone, *text;
    bool until;
    int64_t us; /* INT64_MIN: no time */
} points[] = {
    {"UTC", "now", false, NOON},
    {"UTC", "today", false, NOON - DAY / 2},
    {"UTC", "yesterday", false, NOON - DAY / 2 - DAY},
    {"UTC", "today", true, NOON + DAY / 2 - 1},
    {"UTC", "yesterday", true, NOON - DAY / 2 - 1},
    {"UTC", "90s", false, NOON - 90 * SECOND},
    {"UTC", "2h", true, NOON - 7200 * SECOND},
    {"UTC", "1h30m", false, NOON - 5400 * SECOND},
    {"UTC", "3d", false, NOON - 3 * DAY},
    {"UTC", "1w", false, NOON - 7 * DAY},
    {"UTC", "2026-11-20", false, NOON - DAY / 2 - DAY},
    {"UTC", "2026-11-20", true, NOON - DAY / 2 - 1},
    {"UTC", "2026-11-20 13:00", false, NOON - DAY + 3600 * SECOND},
    {"UTC", "2026-11-20T13:00", true, NOON - DAY + 3660 * SECOND - 1},
    {"UTC", "2026-11-20 13:00:01", false, NOON - DAY + 3601 * SECOND},
    {"UTC", "2026-11-20 13:00:01", true, NOON - DAY + 3602 * SECOND - 1},
    {"UTC", "11:00", false, NOON - 3600 * SECOND},
    {"UTC", "2026-11-21T12:00:00Z", true, NOON + SECOND - 1},
    {"UTC", "2026-11-21T12:00:00.5Z", true, NOON + SECOND / 2},
    {"UTC", "2026-11-21T12:00Z", true, NOON + 60 * SECOND - 1},
    {"UTC", "2026-11-21T12:00Z", false, NOON},
    {"UTC", "2026-11-21 13:30+01:30", false, NOON},
    {"UTC", "2026-11-21T12:00.5Z", false, INT64_MIN},
    /* local time: New York is five hours behind in November */
    {"EST5EDT", "2026-11-21", false, NOON - DAY / 2 + 5 * 3600 * SECOND},
    {"EST5EDT", "07:00", false, NOON},
    {"EST5EDT", "2026-11-21T12:00:00Z", false, NOON},
    /* a day with 25 hours */
    {"EST5EDT", "2026-11-01", true, INT64_C(1793595600) * SECOND - 1},
    {"UTC", "", false, INT64_MIN},
    {"UTC", "2x", false, INT64_MIN},
    {"UTC", "h", false, INT64_MIN},
    {"UTC", "-2h", false, INT64_MIN},
    {"UTC", "99999999999d", false, INT64_MIN},
    {"UTC", "1000000d", false, NOON - 1000000 * DAY},
    {"UTC", "1000000w", false, INT64_MIN},
    {"UTC",
     "1000000w1000000w1000000w1000000w1000000w1000000w1000000w1000000w"
     "1000000w1000000w1000000w1000000w1000000w1000000w1000000w1000000w",
     false, INT64_MIN},
    {"UTC", "2026-11", false, INT64_MIN},
    {"UTC", "2026-11-21 ", false, INT64_MIN},
    {"UTC", "2026-11-21 25:00", false, INT64_MIN},
    {"UTC", "25:00", false, INT64_MIN},
    {"UTC", "tomorrow", false, INT64_MIN},
};

TEST(test_points)
{
    size_t i;

    for (i = 0; i < sizeof points / sizeof *points; i++) {
        int64_t us = 0;
        bool is;

        setenv("TZ", points[i].zone, 1);
        tzset();
        is = a407_report_time_parse(points[i].text, NOON, points[i].until, &us);
        if (is != (points[i].us != INT64_MIN) || (is && us != points[i].us))
            fail_msg("%s %s: %d, %lld, expected %lld", points[i].zone,
                     points[i].text, is, (long long)us,
                     (long long)points[i].us);
    }
}

TEST(test_shown)
{
    char out[32];

    a407_report_time_show(true, NOON + 999999, out);
    assert_string_equal(out, "2026-11-21T12:00:00Z");
    a407_report_time_show(true, -1, out);
    assert_string_equal(out, "1969-12-31T23:59:59Z");
    setenv("TZ", "EST5EDT", 1);
    tzset();
    a407_report_time_show(false, NOON, out);
    assert_string_equal(out, "2026-11-21 07:00:00");
}

static struct a407_report_timeline line;

static uint64_t sum(void)
{
    uint64_t all = 0;
    size_t i, o;

    for (i = 0; i < A407_REPORT_BUCKETS; i++)
        for (o = 0; o < A407_REPORT_OUTCOMES; o++) {
            all += line.count[i][o];
            if (i >= line.n)
                assert_int_equal(line.count[i][o], 0);
        }
    return all;
}

/* The bucket that a time must be in. */
static uint64_t at(int64_t us, enum a407_outcome o)
{
    int64_t i = (us - line.start_us) / line.width_us;

    assert_true(us >= line.start_us && i < (int64_t)line.n);
    return line.count[i][o];
}

/* Whole seconds, minutes, hours or days: never 8 minutes. */
static bool is_round(int64_t us)
{
    static const int64_t in_minute[] = {1, 5, 15, 30}, in_day[] = {1, 3, 6, 12};
    int64_t s = us / SECOND;
    size_t i;

    for (i = 0; i < 4; i++)
        if (s == in_minute[i] || s == in_minute[i] * 60 ||
            s == in_day[i] * 3600)
            return true;
    return s % 86400 == 0 && (s / 86400 & (s / 86400 - 1)) == 0;
}

TEST(test_timeline)
{
    int64_t step;
    unsigned i;

    setenv("TZ", "UTC", 1);
    tzset();
    memset(&line, 0, sizeof line);
    a407_timeline_add(&line, NOON + 7, A407_RESOLVED);
    assert_int_equal(line.n, 1);
    assert_int_equal(line.width_us, SECOND);
    assert_int_equal(line.start_us, NOON);
    /* further and further away, in both directions */
    for (i = 1, step = SECOND; i <= 40; i++, step += step / 2) {
        a407_timeline_add(&line, NOON + step, A407_OBSERVED);
        a407_timeline_add(&line, NOON - step, A407_NOT_RETRIED);
        assert_int_equal(sum(), 1 + 2 * i);
        assert_in_range(line.n, 1, A407_REPORT_BUCKETS);
        assert_true(is_round(line.width_us));
        assert_int_equal(line.start_us % line.width_us, 0);
        assert_true(at(NOON + step, A407_OBSERVED) > 0);
        assert_true(at(NOON - step, A407_NOT_RETRIED) > 0);
        assert_true(at(NOON, A407_RESOLVED) == 1);
    }
    /* as fine as it can be: half of it would not have been enough */
    assert_true((2 * step / 3) * 2 / (line.width_us / 2) >
                A407_REPORT_BUCKETS - 2);
}

/* Round times are those of the local clock. */
TEST(test_timeline_zone)
{
    static const struct {
        const char *zone;
        int64_t ahead;
    } zones[] = {{"EST5EDT", -5 * 3600}, {"IST-5:30", 19800}};
    size_t i;

    for (i = 0; i < 2; i++) {
        setenv("TZ", zones[i].zone, 1);
        tzset();
        memset(&line, 0, sizeof line);
        a407_timeline_add(&line, NOON, A407_RESOLVED);
        a407_timeline_add(&line, NOON + 40 * DAY, A407_OBSERVED);
        a407_timeline_add(&line, NOON - 40 * DAY, A407_OBSERVED);
        assert_int_equal(line.width_us, 6 * 3600 * SECOND);
        assert_int_equal(
            (line.start_us + zones[i].ahead * SECOND) % line.width_us, 0);
        assert_int_equal(at(NOON, A407_RESOLVED), 1);
        assert_int_equal(at(NOON - 40 * DAY, A407_OBSERVED), 1);
        assert_int_equal(sum(), 3);
    }
}

/* The order of the times does not matter for the counts. */
TEST(test_timeline_order)
{
    static const int64_t far[] = {INT64_C(-62167219200), 0,
                                  INT64_C(253402300799)};
    size_t i;

    memset(&line, 0, sizeof line);
    for (i = 0; i < 2000; i++)
        a407_timeline_add(&line, NOON + (int64_t)(i * 7919 % 2000) * SECOND,
                          A407_RESOLVED);
    assert_int_equal(sum(), 2000);
    assert_int_equal(line.width_us, 5 * SECOND);
    for (i = 0; i < line.n; i++)
        assert_in_range(line.count[i][A407_RESOLVED], 1, 5);
    for (i = 0; i < 3; i++)
        a407_timeline_add(&line, far[i] * SECOND, A407_UNRESOLVED);
    assert_int_equal(sum(), 2003);
    for (i = 0; i < 3; i++)
        assert_true(at(far[i] * SECOND, A407_UNRESOLVED) > 0);
}
