/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

/*
 * Clocks that differ: every pair of equal requests votes for the difference of
 * its times. Chance spreads over all differences; the true one gets a vote
 * from nearly every record. Only a clear winner counts, since a program that
 * asks for the same thing every ten seconds fits at every ten seconds.
 */

#define PAIRS 100000 /* in all: bounds the time */
/* A script's requests within a second or two fit any other such script's:
   without ports, only what is spread out tells of a clock. */
#define SPREAD_US 10000000

/* The lines that a record's own request (?1 to ?4) may be: up to 26 hours away,
   any error in a zone, and of one key so many. Attempts are left to the join:
   how long auth407 itself took between them is not known. */
#define LEGS                                                                   \
    "SELECT record, at_us, key, port FROM leg WHERE key <> 0 AND number = 0"
#define VOTE                                                                   \
    "INSERT INTO vote SELECT ?1, ?2, at_us - ?2, ?4 AND port = ?4 FROM line "  \
    "WHERE key = ?3 AND at_us BETWEEN ?2 - 93600000000 AND ?2 + 93600000000 "  \
    "LIMIT 4096"

/* Votes by half seconds. Each goes to its bin and to the one below, so that a
   difference on the border of two bins has one that holds all of its votes. */
#define BINS                                                                   \
    "CREATE TABLE bin AS SELECT (difference + 93600000000) / 500000 - below "  \
    "- 187200 AS number, count(DISTINCT record) AS votes, "                    \
    "count(DISTINCT iif(port, record, NULL)) AS port_votes, "                  \
    "sum(difference) / count(*) AS offset, max(at_us) - min(at_us) AS spread " \
    "FROM vote, (SELECT 0 AS below UNION SELECT 1) GROUP BY 1"

/* The bin with most votes, of equal ones the nearest to no difference: offset,
   votes, spread; the most votes that one away from it has; who voted. */
#define WINNER(votes, record)                                                  \
    "SELECT offset, " votes ", spread, (SELECT max(" votes ") FROM bin "       \
    "WHERE abs(number - best.number) > 1), "                                   \
    "(SELECT count(DISTINCT " record ") FROM vote) "                           \
    "FROM (SELECT * FROM bin ORDER BY " votes " DESC, abs(number) LIMIT 1) "   \
    "AS best"

static void vote(struct a407_report_access *a)
{
    sqlite3_stmt *legs = a407_access_prepare(a, LEGS);
    sqlite3_stmt *lines = a407_access_prepare(a, VOTE);
    int i, pairs = 0;

    while (pairs < PAIRS && a407_access_step(a, legs)) {
        for (i = 0; i < 4; i++)
            sqlite3_bind_int64(lines, i + 1, sqlite3_column_int64(legs, i));
        a407_access_step(a, lines);
        pairs += sqlite3_changes(a->db);
    }
    sqlite3_finalize(legs);
    sqlite3_finalize(lines);
}

/* Whether one is clearly ahead; it is then the offset. */
static bool elect(struct a407_report_access *a, const char *winner, int least,
                  int64_t spread_us)
{
    sqlite3_stmt *s = a407_access_prepare(a, winner);
    bool clear = false;

    if (a407_access_step(a, s)) {
        int votes = sqlite3_column_int(s, 1);

        clear = votes >= least && sqlite3_column_int64(s, 2) >= spread_us &&
                sqlite3_column_int(s, 3) < (votes + 1) / 2 &&
                sqlite3_column_int(s, 4) <= votes * 2;
        if (clear)
            a->sums.offset_us = sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    return clear;
}

void a407_access_find_offset(struct a407_report_access *a)
{
    sqlite3_stmt *s;
    bool found;

    a407_access_run(a, "CREATE TABLE vote(record, at_us, difference, port)");
    vote(a);
    a407_access_run(a, BINS);
    found = elect(a, WINNER("port_votes", "iif(port, record, NULL)"), 2, 0) ||
            elect(a, WINNER("votes", "record"), 3, SPREAD_US);
    /* a small one is what the tolerance is for */
    a->sums.shifted = found && llabs(a->sums.offset_us) > a->tolerance_us / 2;
    if (!a->sums.shifted)
        a->sums.offset_us = 0;
    /* some equal port fits at that offset: so ports mean ports */
    s = a407_access_prepare(
        a, "SELECT 1 FROM vote WHERE port AND abs(difference - ?) <= ?");
    sqlite3_bind_int64(s, 1, a->sums.offset_us);
    sqlite3_bind_int64(s, 2, a->tolerance_us + 500000);
    a->sums.ports = a407_access_step(a, s);
    sqlite3_finalize(s);
    a407_access_run(a, "DROP TABLE vote; DROP TABLE bin");
}
