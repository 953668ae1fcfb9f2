/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_FILTER_H
#define A407_REPORT_FILTER_H

#include "cli/report/report.h"

#define A407_FILTER_MAX 64 /* patterns of one kind */

enum a407_filter_kind {
    A407_FILTER_BINARY, /* path, file name, or "path (script)" or the script */
    A407_FILTER_PROXY,  /* host, or host:port */
    A407_FILTER_CAUSE,
    A407_FILTER_OUTCOME,
    A407_FILTER_KINDS
};

/* Patterns as of glob(7), without a special meaning of "/" or of a dot; each
   also fits itself, as it is written. */
struct a407_filter {
    int64_t since_us, until_us;
    const char *patterns[A407_FILTER_KINDS][A407_FILTER_MAX];
    size_t n[A407_FILTER_KINDS];
};

/* Nothing is left out. */
void a407_filter_init(struct a407_filter *f);

/* False: there are A407_FILTER_MAX already. `pattern` must live as long. */
bool a407_filter_add(struct a407_filter *f, enum a407_filter_kind kind,
                     const char *pattern);

/* Whether the time is in the range. */
bool a407_filter_time(const struct a407_filter *f, int64_t us);

/* Whether the line fits one pattern of each kind that has patterns. */
bool a407_filter_match(const struct a407_filter *f,
                       const struct a407_report_record *l);

/* The filter in words, for the head of a report; "" for none. */
void a407_filter_words(const struct a407_filter *f, char *out, size_t cap);

#endif
