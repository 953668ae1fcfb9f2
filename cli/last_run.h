/* SPDX-License-Identifier: MIT */
#ifndef A407_LAST_RUN_H
#define A407_LAST_RUN_H

#include "core/config/config.h"
#include "options.h"

/*
 * The last starts of commands by `run`, `observe`, `shell` or `env`, so that
 * the report can be about the last one even if it met no 407: the file last-run
 * in the state folder, where one is there. Each has three lines: the run's id;
 * its time in microseconds since the epoch, and its session (that of a
 * terminal); the command without secrets.
 */

/* Begins a run: sets AUTH407_RUN, and writes the file, if it can. False: said.
   Blocks for the file. */
bool a407_last_run_begin(const struct a407_config *c,
                         const struct a407_invocation *inv);

struct a407_last_run {
    char id[A407_RUN_MAX + 1]; /* "": none is known */
    int64_t time_us;
    char command[1024];
};

/* Reads that of this session, else the last of all. Blocks for the file. */
void a407_last_run_read(const struct a407_config *c, struct a407_last_run *out);

#endif
