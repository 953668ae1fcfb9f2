/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_MODEL_H
#define A407_REPORT_MODEL_H

#include "cli/report/report.h"

/* What an interpreter runs: "pip" of `python3 -m pip`, "agent.jar" of `java
   -jar /opt/agent.jar`, "-c" for code on the command line. A span into the
   record; p == NULL: the executable is no interpreter, or it can't be told. */
struct a407_span a407_report_script(const struct a407_report_record *l);

/* What stands behind the last "/"; all of it without one. */
struct a407_span a407_report_base(struct a407_span path);

/* What a line is counted under in a table, never empty, in A407_REPORT_KEY_MAX
   + 1 bytes; what is longer is cut after a whole character. */
void a407_report_key(const struct a407_report_record *l,
                     enum a407_report_table_id id, char *out);

/* The command line as one would type it, in as much as a key; "" if it is
   longer or not known. False: typed so it would be another one. */
bool a407_report_command(const struct a407_report_record *l, char *out);

enum a407_filter_kind {
    A407_FILTER_BINARY, /* path, file name, or "path (script)" or the script */
    A407_FILTER_PROXY,  /* host, or host:port */
    A407_FILTER_CAUSE,
    A407_FILTER_OUTCOME,
    A407_FILTER_KINDS
};

/* Patterns as of glob(7), without a special meaning of "/" or of a dot; each
   also fits itself, as it is written. Of a kind without patterns all fit. */
struct a407_filter {
    int64_t since_us, until_us;
    struct a407_report_list patterns[A407_FILTER_KINDS];
    const char *run; /* of this start of auth407 only; NULL: of all */
};

/* Whether the time is in the range. */
bool a407_filter_time(const struct a407_filter *f, int64_t us);

/* Whether the line fits one pattern of each kind that has patterns. */
bool a407_filter_match(const struct a407_filter *f,
                       const struct a407_report_record *l);

/* The filter in words, for the head of a report; "" for none. */
void a407_filter_words(const struct a407_filter *f, char *out, size_t cap);

/* 407s that a program was left with, held back for a while: many clients send a
   header only when they are asked. The record of that request
   (http.request.resend_count) then tells what became of the same exchange. */
#define A407_PENDING_MAX 1024 /* further records wait that long at most */
#define A407_PENDING_US  (INT64_C(900) * 1000000) /* nor longer than that */

/* All 0 at first, but for the two that the caller sets. */
struct a407_pending {
    /* told each record that nothing took back */
    void (*count)(void *ctx, const struct a407_report_record *l);
    void *ctx;
    struct a407_held {
        uint64_t exchange;
        struct a407_report_record *l; /* owned; NULL: nothing, or taken back */
    } ring[A407_PENDING_MAX];
    size_t next; /* the oldest */
};

/* Takes a record that met a 407: counts it or holds a copy back; drops the 407
   that it repeats, the newest of the same exchange. False: memory ran out. */
bool a407_pending_take(struct a407_pending *p,
                       const struct a407_report_record *l);

/* Counts and frees all that is held back, oldest first. */
void a407_pending_flush(struct a407_pending *p);

/* Counts one 407. When the range outgrows the buckets, they are added up to
   wider ones, so that any range fits. The times may come in any order. */
void a407_timeline_add(struct a407_report_timeline *t, int64_t us,
                       enum a407_outcome o);

#endif
