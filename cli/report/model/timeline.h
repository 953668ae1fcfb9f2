/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_TIMELINE_H
#define A407_REPORT_TIMELINE_H

#include "cli/report/report.h"

/*
 * Counts one 407. When the range outgrows the buckets, they are added up to
 * wider ones, so that any range fits. Their widths are 1, 5, 15 and 30 seconds,
 * as many minutes, 1, 3, 6 and 12 hours, and 1, 2, 4, 8, ... days. The times
 * may come in any order.
 */
void a407_timeline_add(struct a407_report_timeline *t, int64_t us,
                       enum a407_outcome o);

#endif
