/* SPDX-License-Identifier: MIT */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Is p..p+n one JSON value (RFC 8259) in valid UTF-8, and nothing else? */
bool json_valid(const char *p, size_t n);

#endif
