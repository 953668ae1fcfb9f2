/* SPDX-License-Identifier: MIT */
#ifndef A407_JSON_H
#define A407_JSON_H

#include "buf.h"

/* JSON string with quotes, valid whatever the bytes are; what a terminal would
   obey is escaped. */
void a407_json_string(struct a407_buf *out, struct a407_span s);

#endif
