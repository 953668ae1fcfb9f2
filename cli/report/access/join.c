/* SPDX-License-Identifier: MIT */
#include "internal.h"

/*
 * The line that answers a leg, if there is one: ?1 to ?6 are the leg's columns
 * in the order of LEGS; ?7 the offset of the clocks, ?8 the tolerance, ?9
 * whether ports mean ports. Besides the tolerance there is half a second for
 * whole seconds, and half a minute for what auth407 itself did between two
 * attempts (asked a helper, waited for a ticket): the latter only where the
 * ports say that it is the same connection. Equal ports count most, then the
 * user; of equal ones the nearest in time. Of lines in one moment no more are
 * looked at than can be told apart.
 */
#define LEGS                                                                   \
    "SELECT record, number, key, at_us, user_key, port FROM leg "              \
    "WHERE key <> 0 ORDER BY key, at_us, record, number"
#define TAKE                                                                   \
    "UPDATE line SET record = ?1, number = ?2, difference_us = at_us - ?4, "   \
    "by_port = ?9 AND ?6 AND port = ?6 WHERE id = (SELECT id FROM ("           \
    "SELECT id, at_us, user_key, coarse, abs(at_us - ?4 - ?7) AS away, "       \
    "?9 AND ?6 AND port AS ports, ?9 AND ?6 AND port = ?6 AS same FROM line "  \
    "WHERE key = ?3 AND record ISNULL AND at_us BETWEEN "                      \
    "?4 + ?7 - ?8 - 500000 - (?2 > 0) * 30000000 AND "                         \
    "?4 + ?7 + ?8 + 500000 + (?2 > 0) * 30000000 LIMIT 4096) "                 \
    "WHERE (same OR NOT ports) AND (same OR ?2 < 31) AND "                     \
    "away <= ?8 + coarse * 500000 + (same AND ?2) * 30000000 "                 \
    "ORDER BY 2 * same + (?2 = 0 AND user_key = ?5) DESC, away, at_us, id "    \
    "LIMIT 1)"

static void match_all(struct a407_report_access *a)
{
    sqlite3_stmt *legs = a407_access_prepare(a, LEGS);
    sqlite3_stmt *take = a407_access_prepare(a, TAKE);
    int i;

    sqlite3_bind_int64(take, 7, a->sums.offset_us);
    sqlite3_bind_int64(take, 8, a->tolerance_us);
    sqlite3_bind_int(take, 9, a->sums.ports);
    while (a407_access_step(a, legs)) {
        for (i = 0; i < 6; i++)
            sqlite3_bind_int64(take, i + 1, sqlite3_column_int64(legs, i));
        a407_access_step(a, take);
    }
    sqlite3_finalize(legs);
    sqlite3_finalize(take);
    a407_access_run(a, "CREATE INDEX taken ON line(record, number)");
}

/* The 407s of the log that no leg took. At the edges of the range of the report
   the record may just be outside. */
static void find_strangers(struct a407_report_access *a)
{
    struct a407_access_sums *sums = &a->sums;
    sqlite3_stmt *s = a407_access_prepare(
        a, "INSERT INTO stranger SELECT client, ifnull(user, ''), target, "
           "count(*), min(time_us), max(time_us) FROM line "
           "WHERE status = 407 AND record ISNULL AND at_us BETWEEN ?1 AND ?2 "
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
        a, "SELECT difference_us FROM line WHERE number = 0 AND by_port = ?1 "
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
           "count(record.id) FILTER (WHERE line.id), "
           "count(record.id) FILTER (WHERE line.by_port), "
           "count(record.id) FILTER (WHERE leg.port AND line.port AND "
           "leg.port <> line.port), "
           "count(*) FILTER (WHERE line.by_port = 1), "
           "count(*) FILTER (WHERE line.by_port = 0), max(line.coarse) "
           "FROM leg LEFT JOIN record ON record.id = leg.record "
           "LEFT JOIN line ON line.record = leg.record AND line.number = 0 "
           "WHERE leg.number = 0");

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
    match_all(a);
    find_strangers(a); /* before the offset becomes the median */
    sum_up(a);
}
