/* SPDX-License-Identifier: MIT */
#ifndef A407_RECORD_H
#define A407_RECORD_H

#include "conn.h"

/* Why 64: no more answers are awaited at once. What does not fit is taken the
   next time. */
#define A407_NEWS_MAX 64

/* Finished records and verdicts, taken out of an engine. */
struct a407_news {
    struct a407_event *events[A407_NEWS_MAX];
    struct a407_verdict verdicts[A407_NEWS_MAX];
    size_t n, n_verdicts;
};

/* Takes what there is; c is locked. */
void a407_news_take(struct a407_conn *c, struct a407_news *news);

/*
 * Writes it where the settings say, with this process and the module that made
 * the call, sets and removes the marks of what the proxy has said, and frees
 * it. c is pinned, and no lock is held: it takes its time. Opens, writes and
 * closes files; allocates; keeps errno.
 */
void a407_news_write(struct a407_conn *c, struct a407_news *news);

#endif
