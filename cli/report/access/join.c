/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/*
 * A merge join: key by key, each leg in order of time with the lines around it,
 * which are held in a window.
 */

/* Besides the tolerance: for whole seconds, and for what auth407 itself did
   between two attempts (asked a helper, waited for a ticket). The latter only
   where the ports say that it is the same connection. */
#define COARSE_US  ((int64_t)500000)
#define BETWEEN_US ((int64_t)30000000)

#define WINDOW 4096 /* lines of one key around one moment */

struct window {
    struct a407_report_access *a;
    sqlite3_stmt *log;
    struct a407_access_entry lines[WINDOW]; /* of one key, by time */
    size_t n;
    struct a407_access_entry ahead; /* the next one of the log */
    bool have;
};

static int number_of(const struct a407_access_entry *leg)
{
    return (int)(leg->id % A407_ACCESS_LEGS);
}

static void take_ahead(struct window *w)
{
    w->have = a407_access_entry_next(w->a, w->log, &w->ahead);
}

static void drop(struct window *w, size_t n)
{
    w->n -= n;
    memmove(w->lines, w->lines + n, w->n * sizeof *w->lines);
}

/* Fills the window around the leg, as far as there is room. */
static void move_to(struct window *w, const struct a407_access_entry *leg)
{
    int64_t at = leg->at_us + w->a->sums.offset_us, around;
    size_t old = 0;

    around = w->a->tolerance_us + COARSE_US + (number_of(leg) ? BETWEEN_US : 0);
    if (w->n && w->lines[0].key != leg->key)
        w->n = 0;
    while (w->have && w->ahead.key < leg->key)
        take_ahead(w);
    while (old < w->n && w->lines[old].at_us < at - around)
        old++;
    for (; w->have && w->ahead.key == leg->key && w->ahead.at_us <= at + around;
         take_ahead(w)) {
        if (w->n == WINDOW) {
            if (old == 0)
                return; /* more of them than can be told apart anyway */
            drop(w, old);
            old = 0;
        }
        w->lines[w->n++] = w->ahead;
    }
}

/* How well they fit; 0: not at all. */
static int fits(const struct window *w, const struct a407_access_entry *leg,
                const struct a407_access_entry *line, int64_t difference)
{
    bool ports = w->a->sums.ports && leg->port && line->port;
    bool same_port = ports && line->port == leg->port;
    int64_t allowed = w->a->tolerance_us + (line->coarse ? COARSE_US : 0) +
                      (same_port && number_of(leg) ? BETWEEN_US : 0);

    if (line->taken || (ports && !same_port) || llabs(difference) > allowed ||
        (number_of(leg) == A407_ACCESS_HANDSHAKE && !same_port))
        return 0;
    return 1 + 2 * same_port + (number_of(leg) == 0 && line->user == leg->user);
}

static struct a407_access_entry *best_line(struct window *w,
                                           const struct a407_access_entry *leg)
{
    struct a407_access_entry *best = NULL;
    int64_t best_difference = 0;
    int best_fit = 0;
    size_t i;

    for (i = 0; i < w->n; i++) {
        struct a407_access_entry *line = &w->lines[i];
        int64_t difference = line->at_us - w->a->sums.offset_us - leg->at_us;
        int fit = fits(w, leg, line, difference);

        if (fit == 0 || fit < best_fit ||
            (fit == best_fit && llabs(difference) >= llabs(best_difference)))
            continue;
        best = line;
        best_fit = fit;
        best_difference = difference;
    }
    return best;
}

static void match_all(struct window *w)
{
    struct a407_report_access *a = w->a;
    sqlite3_stmt *legs = a407_access_prepare(a, A407_ACCESS_LEGS_SORTED);
    sqlite3_stmt *store = a407_access_prepare(
        a, "UPDATE leg SET line = ?1, difference_us = ?2, by_port = ?3 "
           "WHERE id = ?4");
    struct a407_access_entry leg, *line;

    w->log = a407_access_prepare(a, A407_ACCESS_LINES_SORTED);
    take_ahead(w);
    while (a407_access_entry_next(a, legs, &leg)) {
        move_to(w, &leg);
        line = best_line(w, &leg);
        if (!line)
            continue;
        line->taken = true;
        sqlite3_bind_int64(store, 1, line->id);
        sqlite3_bind_int64(store, 2, line->at_us - leg.at_us);
        sqlite3_bind_int(store, 3,
                         a->sums.ports && leg.port && leg.port == line->port);
        sqlite3_bind_int64(store, 4, leg.id);
        a407_access_step(a, store);
    }
    sqlite3_finalize(legs);
    sqlite3_finalize(store);
    sqlite3_finalize(w->log);
}

/* The 407s of the log that no leg took. At the edges of the range of the report
   the record may just be outside. */
static void find_strangers(struct a407_report_access *a)
{
    struct a407_access_sums *sums = &a->sums;
    sqlite3_stmt *s = a407_access_prepare(
        a, "INSERT INTO stranger SELECT client, ifnull(user, ''), target, "
           "count(*), min(time_us), max(time_us) FROM line "
           "WHERE status = 407 AND at_us BETWEEN ?1 AND ?2 "
           "AND id NOT IN (SELECT line FROM leg WHERE line NOTNULL) "
           "GROUP BY 1, 2, 3");

    sqlite3_bind_int64(s, 1,
                       a->since_us == INT64_MIN
                           ? INT64_MIN
                           : a->since_us + a->tolerance_us + sums->offset_us);
    sqlite3_bind_int64(s, 2,
                       a->until_us == INT64_MAX
                           ? INT64_MAX
                           : a->until_us - a->tolerance_us + sums->offset_us);
    a407_access_step(a, s);
    sqlite3_finalize(s);
    s = a407_access_prepare(
        a, "INSERT INTO client SELECT NULL, client, user, sum(n), "
           "min(first_us), max(last_us), count(*) FROM stranger "
           "GROUP BY client, user ORDER BY sum(n) DESC, client, user LIMIT ?");
    sqlite3_bind_int(s, 1, A407_ACCESS_CLIENTS);
    a407_access_step(a, s);
    sqlite3_finalize(s);
    s = a407_access_prepare(a, "SELECT count(*), total(total), "
                               "(SELECT total(n) FROM stranger) FROM client");
    if (a407_access_step(a, s)) {
        sums->clients = a407_access_count(s, 0);
        sums->clients_lines = a407_access_count(s, 1);
        sums->without_record = a407_access_count(s, 2);
    }
    sqlite3_finalize(s);
}

/* The median over the programs' own requests. */
static int64_t median_difference(struct a407_report_access *a, bool by_port,
                                 uint64_t n)
{
    sqlite3_stmt *s = a407_access_prepare(
        a, "SELECT difference_us FROM leg WHERE id % 32 = 0 AND by_port = ?1 "
           "ORDER BY 1 LIMIT 1 OFFSET ?2");
    int64_t median = 0;

    sqlite3_bind_int(s, 1, by_port);
    sqlite3_bind_int64(s, 2, (int64_t)(n / 2));
    if (a407_access_step(a, s))
        median = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return median;
}

/* Of the programs' own requests; the offset also of those left out. */
static void sum_up(struct a407_report_access *a)
{
    struct a407_access_sums *sums = &a->sums;
    uint64_t by_port = 0, by_time = 0;
    sqlite3_stmt *s = a407_access_prepare(
        a, "SELECT count(record.id), "
           "count(record.id) FILTER (WHERE leg.line NOTNULL), "
           "count(record.id) FILTER (WHERE leg.by_port), "
           "count(record.id) FILTER (WHERE leg.port AND line.port AND "
           "leg.port <> line.port), "
           "count(*) FILTER (WHERE leg.by_port = 1), "
           "count(*) FILTER (WHERE leg.by_port = 0), max(line.coarse) "
           "FROM leg LEFT JOIN record ON record.id = leg.id / 32 "
           "LEFT JOIN line ON line.id = leg.line WHERE leg.id % 32 = 0");

    if (a407_access_step(a, s)) {
        sums->records = a407_access_count(s, 0);
        sums->matched = a407_access_count(s, 1);
        sums->by_port = a407_access_count(s, 2);
        sums->ports_differ = a407_access_count(s, 3);
        by_port = a407_access_count(s, 4);
        by_time = a407_access_count(s, 5);
        sums->offset_coarse = sqlite3_column_int(s, 6) != 0;
    }
    sqlite3_finalize(s);
    sums->without_line = sums->records - sums->matched;
    sums->offset_known = sums->shifted || by_port || by_time;
    sums->offset_by_port = by_port > 0;
    if (by_port || by_time)
        sums->offset_us =
            median_difference(a, by_port > 0, by_port ? by_port : by_time);
}

void a407_access_join(struct a407_report_access *a)
{
    struct window *w = calloc(1, sizeof *w);

    if (!w) {
        a407_access_fail(a, strerror(ENOMEM));
        return;
    }
    w->a = a;
    match_all(w);
    free(w);
    find_strangers(a); /* before the offset becomes the median */
    sum_up(a);
}
