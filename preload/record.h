/* SPDX-License-Identifier: MIT */
#ifndef A407_RECORD_H
#define A407_RECORD_H

#include "registry.h"

/*
 * Writes the engine's finished records and its verdicts where the settings
 * say, with this process and the module that made the call. c is pinned, and no
 * lock is held: it takes its time. Opens, writes and closes files; allocates;
 * keeps errno.
 */
void a407_record_flush(struct a407_conn *c);

#endif
