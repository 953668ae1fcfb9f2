/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ACCESS_INT_H
#define A407_REPORT_ACCESS_INT_H

#include <sqlite3.h>

#include "cli/report/report.h"

/*
 * A record becomes one "leg" for each request: number 0 is the program's own,
 * number n the attempt n of auth407. A line of the proxy's log is kept if it is
 * a 407, or could be the answer to a leg. Both are rows of a temporary database
 * (tables.sql), indexed by what must be equal (method, target and status) and
 * by time. Two passes look for the lines of each leg, the first for an offset
 * between the clocks (join.sql). The outputs are views.
 */

/* Bytes of a text that count: both logs truncate long targets. */
#define A407_ACCESS_TEXT_MAX 1000

struct a407_report_access {
    sqlite3 *db; /* owned */
    sqlite3_stmt *add_record, *add_leg, *add_line, *has_key;
    struct a407_report_access_options o;
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
#define A407_ACCESS_NUMBERS(...)                                               \
    (const int64_t[]){__VA_ARGS__},                                            \
        sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)
/* Runs an insertion of these values, numbers before texts. Of a text at most
   A407_ACCESS_TEXT_MAX bytes, NUL as "?"; an absent span is NULL. */
void a407_access_insert(struct a407_report_access *a, sqlite3_stmt *s,
                        const int64_t *numbers, size_t n_numbers,
                        const struct a407_span *texts, size_t n_texts);
/* "" for NULL. Valid until the next step. */
const char *a407_access_text(sqlite3_stmt *s, int column);

/* The target as both sides write it, in at most A407_ACCESS_TEXT_MAX bytes:
   no userinfo, query or fragment; scheme and host in lower case; no default
   port; a path. Returns the length; `out` is not NUL-terminated. */
size_t a407_access_target(struct a407_span target, char *out);

/*
 * log.c: a proxy's own log, one line per request, of one of two shapes:
 *
 *   squid's native    %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a
 *                     %mt, then optionally the headers and the client's port
 *   common, combined  %h %l %u %t "%r" %>s %b, then optionally what combined
 *                     adds, squid's %Ss:%Sh and the client's port; with a
 *                     virtual host in front as Debian's Apache writes it
 *
 * The port is a number at the line's end, bare or as port=N. What a syslog
 * daemon puts in front of squid's line is passed over.
 */

struct a407_access_line {
    int64_t start_us; /* when the request came, since the epoch */
    int64_t end_us;   /* when it was done; the same where no duration is told */
    int64_t grain_us; /* times are cut off to a multiple of this */
    struct a407_span client; /* an address, or a name */
    int client_port;         /* 0: not told */
    struct a407_span result; /* squid's "TCP_DENIED"; p == NULL: not told */
    int status;              /* 0: none was sent */
    struct a407_span method, target; /* the target with its query, if logged */
    struct a407_span user;           /* p == NULL: "-" */
};

/* A longer line is not read; squid and Apache write none unless told to. */
#define A407_ACCESS_LINE_MAX ((size_t)65536)

/* Reads the line of n bytes at p, without its end, and takes the escapes back,
   in place. False: neither shape, or cut off. `out` points into the line. */
bool a407_access_parse(char *p, size_t n, struct a407_access_line *out);

#endif
