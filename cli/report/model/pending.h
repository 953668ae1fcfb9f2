/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_PENDING_H
#define A407_REPORT_PENDING_H

#include "cli/report/report.h"

/*
 * 407s that a program was left with, held back for a while: many clients send
 * a header only when they are asked, and then the record of that request
 * (http.request.resend_count) tells what became of the same exchange. So the
 * 407 before it is neither a dropped header nor one more exchange.
 */
#define A407_PENDING_MAX 1024 /* further records wait that long at most */
#define A407_PENDING_US  (INT64_C(900) * 1000000) /* nor longer than that */

struct a407_pending;

typedef void a407_pending_fn(void *ctx, const struct a407_report_record *l);

/* `count` is told each record that nothing took back. NULL: no memory. */
struct a407_pending *a407_pending_new(a407_pending_fn *count, void *ctx);

/* Without counting what is left. NULL is fine. */
void a407_pending_free(struct a407_pending *p);

/*
 * Takes a record that met a 407: counts it at once, or holds a copy back; and
 * drops the 407 that it repeats, the newest one of the same exchange. False:
 * memory ran out.
 */
bool a407_pending_take(struct a407_pending *p,
                       const struct a407_report_record *l);

/* Counts all that is held back, oldest first. */
void a407_pending_flush(struct a407_pending *p);

#endif
