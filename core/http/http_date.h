/* SPDX-License-Identifier: MIT */
#ifndef A407_HTTP_DATE_H
#define A407_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/span.h"

/*
 * A Date field's value as seconds since the epoch, in any of the three forms
 * that a recipient takes (RFC 9110 section 5.6.7). The name of the day is not
 * compared with the date. A year of two digits is one of 1970 to 2069. False:
 * no date; *out is unchanged. Pure; allocates nothing.
 */
bool a407_http_date(struct a407_span s, int64_t *out);

#endif
