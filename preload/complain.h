/* SPDX-License-Identifier: MIT */
#ifndef A407_COMPLAIN_H
#define A407_COMPLAIN_H

#include "core/config/config.h"

/*
 * A problem of ours, said where the log goes: one JSON line with event.name
 * "auth407.problem". Never on the program's own output. Allocates, writes one
 * file; never fails the caller.
 */
void a407_complain(const struct a407_config *c, const char *text);

#endif
