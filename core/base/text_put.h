/* SPDX-License-Identifier: MIT */
#ifndef A407_TEXT_PUT_H
#define A407_TEXT_PUT_H

#include <stdbool.h>

#include "span.h"

/*
 * Copies what fits into out, cap bytes with the NUL that is always written;
 * of a UTF-8 character that does not fit whole nothing is left.
 */
void a407_put(char *out, size_t cap, struct a407_span s);

/* The same of UTF-16LE, as UTF-8; half a surrogate pair becomes U+FFFD. */
void a407_put_utf16(char *out, size_t cap, struct a407_span s);

/*
 * The character that s begins with; how long it is, 0 if it is no well-formed
 * UTF-8 (Unicode, table 3-7: neither overlong forms nor surrogates). s is not
 * empty.
 */
size_t a407_utf8_next(struct a407_span s, unsigned *c);

/* A control character, or one that is not seen and moves others: a terminal
   obeys it. */
bool a407_is_control(unsigned c);

#endif
