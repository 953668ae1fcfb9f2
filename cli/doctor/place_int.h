/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_PLACE_INT_H
#define A407_DOCTOR_PLACE_INT_H

#include "place_read.h"

/* Of place_read.h: NAME=VALUE; and the formats that are no lines. */

void a407_place_name_value(struct a407_span s, unsigned line, a407_place_fn *fn,
                           void *ctx);

/* JSON, or what apt's files are. */
void a407_place_read_braces(bool json, struct a407_span text, a407_place_fn *fn,
                            void *ctx);

/* Elements' texts; the name of an element "proxy" is followed by its number. */
void a407_place_read_xml(struct a407_span text, a407_place_fn *fn, void *ctx);

#endif
