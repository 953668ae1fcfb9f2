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
#define BINS       65536 /* distinct ones; some 3 MiB */
#define LEGS       256   /* of one key */
#define LINES      4096
#define PAIRS      8000000 /* in all: bounds the time */
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
    struct a407_access_entry legs[LEGS], lines[LINES];
    size_t n_legs, n_lines;
    uint32_t voters; /* records that had anything to vote for */
    uint32_t port_voters;
    uint64_t pairs;
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

static void vote_group(struct ballot *b)
{
    size_t i, k;

    for (i = 0; i < b->n_legs && b->n_lines; i++) {
        bool by_port = false;

        b->voters++;
        for (k = 0; k < b->n_lines && b->pairs < PAIRS; k++, b->pairs++) {
            int64_t difference = b->lines[k].at_us - b->legs[i].at_us;
            bool port = b->legs[i].port && b->legs[i].port == b->lines[k].port;

            if (difference > LARGEST_US || difference < -LARGEST_US)
                continue;
            by_port |= port;
            vote(b, b->legs[i].at_us, difference, port);
        }
        b->port_voters += by_port;
    }
}

/* Both sides, key by key. Attempts are left to the join: how long auth407
   itself took between them is not known. */
static void count(struct a407_report_access *a, struct ballot *b)
{
    sqlite3_stmt *legs = a407_access_prepare(a, A407_ACCESS_LEGS_SORTED);
    sqlite3_stmt *lines = a407_access_prepare(a, A407_ACCESS_LINES_SORTED);
    struct a407_access_entry leg, line;
    bool have_leg = a407_access_entry_next(a, legs, &leg);
    bool have_line = a407_access_entry_next(a, lines, &line);

    while (have_leg && have_line) {
        int64_t key = leg.key;

        b->n_legs = b->n_lines = 0;
        for (; have_leg && leg.key == key;
             have_leg = a407_access_entry_next(a, legs, &leg))
            if (leg.id % A407_ACCESS_LEGS == 0 && b->n_legs < LEGS)
                b->legs[b->n_legs++] = leg;
        while (have_line && line.key < key)
            have_line = a407_access_entry_next(a, lines, &line);
        for (; have_line && line.key == key;
             have_line = a407_access_entry_next(a, lines, &line))
            if (b->n_lines < LINES)
                b->lines[b->n_lines++] = line;
        vote_group(b);
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
