/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_TIMELINE_H
#define A407_REPORT_TIMELINE_H

#include "report.h"

/*
 * Counts one 407. When the range outgrows the buckets, they are merged in
 * pairs and become twice as wide, so that any range fits. The times may come in
 * any order.
 */
void a407_timeline_add(struct a407_report_timeline *t, int64_t us,
                       enum a407_outcome o);

#endif
