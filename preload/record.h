/* SPDX-License-Identifier: MIT */
#ifndef A407_RECORD_H
#define A407_RECORD_H

#include <stdint.h>

#include "registry.h"

/*
 * Writes the engine's finished records and its verdicts where the settings
 * say: process and caller are filled in here. No lock is held. Opens, writes
 * and closes one file; allocates; keeps errno.
 */
void a407_record_flush(struct a407_conn *c);

/* The TCP port of this end of a socket; 0: none. One system call. */
uint16_t a407_local_port(int fd);

#endif
