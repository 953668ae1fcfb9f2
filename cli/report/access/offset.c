/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/*
 * Clocks that differ: every pair of equal requests votes for the difference of
 * its times. Chance spreads over all differences; the true one gets a vote
 * from nearly every record. Only a clear winner counts, since a program that
 * asks for the same thing every ten seconds fits at every ten seconds.
 */

#define BIN_US     ((int64_t)500000)
#define LARGEST_US ((int64_t)26 * 3600 * 1000000) /* any error in a zone */
#define BINS       65536   /* distinct ones; some 3 MiB */
#define PAIRS      2000000 /* in all: bounds the time */
/* A script's requests within a second or two fit any other such script's:
   without ports, only what is spread out tells of a clock. */
#define SPREAD_US ((int64_t)10000000)

/* How many records voted, and the one that did so last, counted from 1. */
struct votes {
    uint32_t n, last;
};

struct bin {
    int64_t number; /* of the difference, in BIN_US */
    struct votes all, by_port;
    int64_t sum_us;            /* over n pairs */
    int64_t first_us, last_us; /* our time of these pairs */
    uint32_t n;                /* 0: a free place of the table */
};

struct ballot {
    struct bin bins[BINS];
    size_t used;
    uint32_t voters; /* records that had anything to vote for */
    uint32_t port_voters;
    uint32_t pairs;
};

/* NULL: not there (and not to be made, or no room). */
static struct bin *find_bin(struct ballot *b, int64_t number, bool make)
{
    size_t i = (size_t)((uint64_t)number * 0x9e3779b97f4a7c15u >> 48) % BINS;

    while (b->bins[i].n && b->bins[i].number != number)
        i = (i + 1) % BINS;
    if (b->bins[i].n)
        return &b->bins[i];
    if (!make || b->used >= BINS / 4 * 3)
        return NULL;
    b->used++;
    b->bins[i].number = number;
    return &b->bins[i];
}

static int64_t bin_number(int64_t us)
{
    return us >= 0 ? us / BIN_US : -((-us + BIN_US - 1) / BIN_US);
}

/* Each record once. */
static void count_vote(struct votes *v, uint32_t voter)
{
    v->n += v->last != voter;
    v->last = voter;
}

/* A vote goes to the bin and to the one below, so that a difference on the
   border of two bins has one that holds all of its votes. */
static void vote(struct ballot *b, int64_t at_us, int64_t difference, bool port)
{
    int64_t number = bin_number(difference);
    int i;

    for (i = 0; i < 2; i++) {
        struct bin *bin = find_bin(b, number - i, true);

        if (!bin)
            return;
        if (bin->n == 0 || at_us < bin->first_us)
            bin->first_us = at_us;
        if (bin->n == 0 || at_us > bin->last_us)
            bin->last_us = at_us;
        bin->n++;
        bin->sum_us += difference;
        count_vote(&bin->all, b->voters);
        if (port)
            count_vote(&bin->by_port, b->voters);
    }
}

/* Of one key and day as many as there may be; for each record anew. */
#define LINES                                                                  \
    "SELECT at_us - ?1, ?3 AND port = ?3 FROM line "                           \
    "WHERE key = ?2 AND at_us BETWEEN ?1 - ?4 AND ?1 + ?4 LIMIT 4096"

/* The records' own requests. Attempts are left to the join: how long auth407
   itself took between them is not known. */
static void count(struct a407_report_access *a, struct ballot *b)
{
    sqlite3_stmt *legs = a407_access_prepare(
        a, "SELECT at_us, key, port FROM leg WHERE key <> 0 AND number = 0");
    sqlite3_stmt *lines = a407_access_prepare(a, LINES);
    int i;

    sqlite3_bind_int64(lines, 4, LARGEST_US);
    while (b->pairs < PAIRS && a407_access_step(a, legs)) {
        uint32_t before = b->pairs;
        bool by_port = false;

        for (i = 0; i < 3; i++)
            sqlite3_bind_int64(lines, i + 1, sqlite3_column_int64(legs, i));
        for (b->voters++; a407_access_step(a, lines); b->pairs++) {
            bool port = sqlite3_column_int(lines, 1) != 0;

            vote(b, sqlite3_column_int64(legs, 0),
                 sqlite3_column_int64(lines, 0), port);
            by_port |= port;
        }
        b->voters -= b->pairs == before;
        b->port_voters += by_port;
    }
    sqlite3_finalize(legs);
    sqlite3_finalize(lines);
}

static uint32_t votes_of(const struct bin *bin, bool port)
{
    return port ? bin->by_port.n : bin->all.n;
}

/* The bin with most votes, of equal ones the nearest to no difference; and the
   most votes that one away from it has. NULL: nobody voted. */
static const struct bin *winner(const struct ballot *b, bool port,
                                uint32_t *second)
{
    const struct bin *bin, *best = NULL;

    for (bin = b->bins; bin < b->bins + BINS; bin++) {
        uint32_t votes = votes_of(bin, port),
                 most = best ? votes_of(best, port) : 0;

        if (votes > most || (votes && votes == most &&
                             llabs(bin->number) < llabs(best->number)))
            best = bin;
    }
    *second = 0;
    for (bin = b->bins; best && bin < b->bins + BINS; bin++)
        if (votes_of(bin, port) > *second &&
            llabs(bin->number - best->number) > 1)
            *second = votes_of(bin, port);
    return best;
}

/* Whether some equal port fits at that offset, so that ports mean ports. */
static bool ports_fit(struct ballot *b, int64_t offset, int64_t tolerance)
{
    int64_t number = bin_number(offset - tolerance) - 1;

    for (; number <= bin_number(offset + tolerance); number++) {
        const struct bin *bin = find_bin(b, number, false);

        if (bin && bin->by_port.n)
            return true;
    }
    return false;
}

static void decide(struct a407_report_access *a, struct ballot *b)
{
    uint32_t second = 0;
    const struct bin *best = winner(b, true, &second);
    uint32_t votes = best ? best->by_port.n : 0;

    if (votes < 2 || second * 2 >= votes || votes * 2 < b->port_voters) {
        best = winner(b, false, &second);
        votes = best ? best->all.n : 0;
        if (votes < 3 || second * 2 >= votes || votes * 2 < b->voters ||
            best->last_us - best->first_us < SPREAD_US)
            best = NULL;
    }
    if (best)
        a->sums.offset_us = best->sum_us / (int64_t)best->n;
    /* a small one is what the tolerance is for */
    a->sums.shifted = best && llabs(a->sums.offset_us) > a->tolerance_us / 2;
    if (!a->sums.shifted)
        a->sums.offset_us = 0;
    a->sums.ports = ports_fit(b, a->sums.offset_us, a->tolerance_us);
}

void a407_access_find_offset(struct a407_report_access *a)
{
    struct ballot *b = calloc(1, sizeof *b);

    if (!b) {
        a407_access_fail(a, strerror(ENOMEM));
        return;
    }
    count(a, b);
    decide(a, b);
    free(b);
}
