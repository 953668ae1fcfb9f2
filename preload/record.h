/* SPDX-License-Identifier: MIT */
#ifndef A407_RECORD_H
#define A407_RECORD_H

#include "conn.h"

/* What does not fit is taken the next time. */
#define A407_NEWS_MAX 64

/* Finished records, verdicts and what is to be remembered, taken out of an
   engine. */
struct a407_news {
    struct a407_event *events[A407_NEWS_MAX];
    struct a407_verdict verdicts[A407_NEWS_MAX / 4];
    size_t n, n_verdicts;
    struct a407_buf memory; /* for the user's next processes, ... */
    const struct a407_credential *configured; /* ... of this one, ... */
    struct a407_credential *cred;             /* ... a copy with its secret */
};

/* Takes what there is; c is locked. */
void a407_news_take(struct a407_conn *c, struct a407_news *news);

/*
 * Writes the records where the settings say, sets and removes marks of refusal,
 * remembers, and frees all. c is pinned and no lock held: it opens, writes and
 * closes files, and allocates. Keeps errno.
 */
void a407_news_write(struct a407_conn *c, struct a407_news *news);

#endif
