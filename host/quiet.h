/* SPDX-License-Identifier: MIT */
#ifndef A407_QUIET_H
#define A407_QUIET_H

#include <signal.h>
#include <stdbool.h>

/* Between the two, no write of this thread kills or stops the program, and no
   signal of one that failed is left. */
struct a407_quiet {
    sigset_t ours, before;
    bool blocked; /* they were, before */
};

void a407_quiet_begin(struct a407_quiet *q);
void a407_quiet_end(const struct a407_quiet *q, bool failed);

#endif
