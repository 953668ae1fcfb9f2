/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ACCESS_INT_H
#define A407_REPORT_ACCESS_INT_H

#include "cli/report/report.h"
#include "log.h"
#include "store.h"

/*
 * The rooms of the join (report_access_*.c). A record becomes one entry for
 * each request that was answered: the program's own and those of auth407
 * ("legs"). A line of the proxy's log becomes one if it is a 407, or could be
 * the answer to a leg. Both are sorted by what must be equal (method, target
 * and status) and by time, and gone through together: twice, since the first
 * pass looks for a clock that differs.
 */

#define A407_ACCESS_LEGS    (A407_EVENT_ATTEMPTS + 1)
#define A407_ACCESS_GROUPS  1000 /* clients without a record that are told */
#define A407_ACCESS_INDEX   4096
#define A407_ACCESS_TARGETS 3 /* of such a client */
#define A407_ACCESS_TARGET_MAX                                                 \
    1000 /* bytes of a target that count: both logs cut long ones off */

/* Lines of the proxy's log that no record explains, of one client and user. */
struct a407_access_group {
    char client[128];
    char user[128]; /* "" without one */
    char targets[A407_ACCESS_TARGETS][160];
    size_t n_targets;
    bool more_targets;
    uint64_t total;
    int64_t first_us, last_us; /* the proxy's clock */
};

/* The middle of many numbers, from an even sample of them. */
#define A407_ACCESS_SAMPLE 4096
struct a407_access_median {
    int64_t value[A407_ACCESS_SAMPLE];
    size_t n;
    uint64_t step, seen; /* every step-th number is kept */
};
void a407_access_median_add(struct a407_access_median *m, int64_t v);
int64_t a407_access_median(struct a407_access_median *m);

/* What both sides came to. */
struct a407_access_sums {
    uint64_t files, lines, lines_407, unreadable, too_long;
    uint64_t records;      /* that the report is on */
    uint64_t matched;      /* of them, those whose 407 is in the proxy's log */
    uint64_t by_port;      /* of these, by equal ports */
    uint64_t ports_differ; /* of these, both sides have one, and not the same */
    uint64_t without_line; /* records - matched */
    uint64_t without_record; /* 407s of the proxy's log */
    bool shifted;            /* an offset of the clocks was found and allowed */
    int64_t offset_us;       /* the proxy's clock less ours */
    bool offset_known;       /* from matches, or found; else nothing to tell */
    bool offset_by_port;     /* from matches by equal ports alone */
    bool offset_coarse;      /* the proxy's log has whole seconds only */
    bool ports;              /* the proxy's log has ports that fit ours */
};

struct a407_report_access {
    struct a407_access_reader *readers; /* owned */
    const char *const *names;
    size_t n_readers;
    int64_t tolerance_us, since_us, until_us;
    struct a407_access_texts *texts;                 /* owned */
    struct a407_access_sort *legs, *lines, *results; /* owned */
    unsigned char *filter; /* which keys legs have (a Bloom filter); owned */
    struct a407_access_sums sums;
    struct a407_access_median by_port, by_time;
    struct a407_access_group *groups; /* owned */
    size_t n_groups;
    uint16_t group_index[A407_ACCESS_INDEX]; /* 0: free, else 1 + its place */
    struct a407_access_group group_others;
    struct a407_buf scratch; /* for texts */
    int error;               /* errno of what went wrong first */
};

/* report_access_key.c */
/* The target as both sides write it, in at most A407_ACCESS_TARGET_MAX bytes:
   no userinfo, query or fragment; scheme and host in lower case; no default
   port; a path. Returns the length; `out` is not NUL-terminated. */
size_t a407_access_target(struct a407_span target, char *out);
/* Of the target after a407_access_target. */
uint64_t a407_access_key(struct a407_span method, struct a407_span target,
                         int status);
/* Without regard to case (ASCII); 0 for none. */
uint64_t a407_access_user(struct a407_span user);
void a407_access_filter_add(unsigned char *filter, uint64_t key);
bool a407_access_filter_has(const unsigned char *filter, uint64_t key);
#define A407_ACCESS_FILTER ((size_t)1 << 20) /* bytes */

/* report_access_offset.c: fills in sums.shifted, .offset_us and .ports. */
void a407_access_find_offset(struct a407_report_access *a);

/* report_access_join.c: fills in results, groups and the other sums. */
void a407_access_join(struct a407_report_access *a);

/* report_access_group.c: one more line that no record explains. */
void a407_access_group_add(struct a407_report_access *a, uint64_t ref,
                           int64_t at_us);
/* The groups with most lines first. */
void a407_access_groups_sort(struct a407_report_access *a);

/* report_access_rows.c: the texts of a record and of a line of the log. */
struct a407_access_record {
    int64_t time_us, pid;
    struct a407_span outcome, cause, proxy, method, target, binary, module;
    bool client_sent, unresolved;
    struct a407_span client_scheme, client_user;
    int status, final_status;
    size_t n_legs;
};
uint64_t a407_access_put_record(struct a407_report_access *a,
                                const struct a407_report_record *l,
                                struct a407_span target, size_t n_legs);
uint64_t a407_access_put_line(struct a407_report_access *a,
                              const struct a407_access_line *l,
                              struct a407_span target);
/* Spans live in `in`. */
void a407_access_get_line(struct a407_span in, struct a407_access_line *out);

/* One record with what the proxy's log has of it. */
struct a407_access_row {
    struct a407_access_record record;
    struct {
        bool found, by_port;
        int64_t difference_us;
        struct a407_access_line line;
    } legs[A407_ACCESS_LEGS];
    bool matched; /* the program's own request, the first leg, was found */
};

/*
 * Goes through the rows, or those alone whose 407 was found or was not:
 * unresolved ones first, each kind in order of time. Start, then next until
 * false; `row` is valid until the next call.
 */
enum a407_access_which { A407_ROWS_ALL, A407_ROWS_FOUND, A407_ROWS_MISSING };

struct a407_access_rows {
    const struct a407_report_access *a;
    enum a407_access_which which;
    struct a407_access_entry ahead;
    bool have;
    struct a407_access_entry legs[A407_ACCESS_LEGS]; /* of one record */
    size_t n_legs;
    struct a407_buf texts[A407_ACCESS_LEGS + 1];
};
void a407_access_rows_start(struct a407_access_rows *r,
                            const struct a407_report_access *a,
                            enum a407_access_which which);
bool a407_access_rows_next(struct a407_access_rows *r,
                           struct a407_access_row *row);
void a407_access_rows_end(struct a407_access_rows *r);

#endif
