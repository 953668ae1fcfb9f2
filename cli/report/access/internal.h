/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ACCESS_INT_H
#define A407_REPORT_ACCESS_INT_H

#include <sqlite3.h>

#include "cli/report/report.h"
#include "log.h"

/*
 * The parts of the join. A record becomes one "leg" for each request: number 0
 * is the program's own, number n the attempt n of auth407. A line of the
 * proxy's log is kept if it is a 407, or could be the answer to a leg. Both are
 * rows of a temporary database (tables.sql), indexed by what must be equal
 * (method, target and status) and by time. Two passes look for the lines of
 * each leg, the first for an offset between the clocks (join.sql). The outputs
 * are views.
 *
 * The database is a file without a name that sqlite makes in $TMPDIR when its
 * cache is full, so memory does not grow with the logs.
 */

/* Bytes of a text that count: both logs truncate long targets. */
#define A407_ACCESS_TEXT_MAX 1000

struct a407_report_access {
    sqlite3 *db; /* owned */
    sqlite3_stmt *add_record, *add_leg, *add_line, *has_key;
    const char *const *names;
    int *fds; /* owned; -1: closed */
    size_t n_files;
    int64_t tolerance_us, since_us, until_us;
    int64_t n_records;                    /* the id of the last one */
    int64_t lines, lines_407, unreadable; /* of the proxy's log */
    bool failed;                          /* said on standard error */
};

/* db.c. The first error is said and sets `failed`; then these return NULL or
   false. sqlite takes a NULL statement for one without rows. */
bool a407_access_db_open(struct a407_report_access *a);
/* Runs statements that return no rows. */
void a407_access_run(struct a407_report_access *a, const char *sql);
/* The caller finalizes it. */
sqlite3_stmt *a407_access_prepare(struct a407_report_access *a,
                                  const char *sql);
/* True: a row. Else the statement is reset, to be bound and run again. */
bool a407_access_step(struct a407_report_access *a, sqlite3_stmt *s);
/* Runs an insertion of these values, numbers before texts. Of a text at most
   A407_ACCESS_TEXT_MAX bytes, NUL as "?"; an absent span is NULL. */
void a407_access_insert(struct a407_report_access *a, sqlite3_stmt *s,
                        const int64_t *numbers, size_t n_numbers,
                        const struct a407_span *texts, size_t n_texts);
/* "" for NULL. Valid until the next step. */
const char *a407_access_text(sqlite3_stmt *s, int column);

/* key.c */
/* The target as both sides write it, in at most A407_ACCESS_TEXT_MAX bytes:
   no userinfo, query or fragment; scheme and host in lower case; no default
   port; a path. Returns the length; `out` is not NUL-terminated. */
size_t a407_access_target(struct a407_span target, char *out);
/* Of the target after a407_access_target. */
int64_t a407_access_key(struct a407_span method, struct a407_span target,
                        int status);
/* Case-insensitive (ASCII); 0 for none. */
int64_t a407_access_user(struct a407_span user);

/* output.c: functions that tables.sql calls. */
void a407_access_add_functions(struct a407_report_access *a);

#endif
