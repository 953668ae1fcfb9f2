/* SPDX-License-Identifier: MIT */
#ifndef A407_RECORD_H
#define A407_RECORD_H

#include "registry.h"

/*
 * Writes the engine's finished record, if there is one, where the settings
 * say: process and caller are filled in here. c->lock is held. Opens, writes
 * and closes one file; allocates; keeps errno.
 */
void a407_record_flush(struct a407_conn *c);

#endif
