/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_TIME_H
#define A407_REPORT_TIME_H

#include "report.h"

/* No time at all: the values for a range that is open at that end. */
#define A407_TIME_FIRST INT64_MIN
#define A407_TIME_LAST  INT64_MAX

/*
 * RFC 3339 section 5.6, with any zone and any number of digits behind the
 * point; a blank or "_" may stand for the "T". False: it is none.
 */
bool a407_report_time_rfc3339(struct a407_span s, int64_t *us);

/*
 * What --since and --until take: RFC 3339; "2026-11-21", "2026-11-21 14:03",
 * "14:03:05" in the local time zone; now, today, yesterday; an age such as 90s,
 * 2h, 3d, 1w or 1h30m. RFC 3339 may lack the
 * seconds here. A day given as an end (`until`) includes that day, a minute
 * that minute, a second that second. `now_us` is the clock. False: it is none
 * of them.
 */
bool a407_report_time_parse(const char *text, int64_t now_us, bool until,
                            int64_t *us);

#endif
