/* SPDX-License-Identifier: MIT */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Is p..p+n one JSON value (RFC 8259), in one line of valid UTF-8? yajl itself
   takes overlong forms and surrogates for good. */
bool json_valid(const char *p, size_t n);

#endif
