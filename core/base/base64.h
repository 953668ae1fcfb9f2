/* SPDX-License-Identifier: MIT */
#ifndef A407_BASE64_H
#define A407_BASE64_H

#include "buf.h"

/* Base64 (RFC 4648 section 4), by nettle. */

/* The longest text for n bytes, and the most bytes that a text of n holds. */
#define A407_BASE64_TEXT(n) (((n) + 2) / 3 * 4)
#define A407_BASE64_RAW(n)  (((n) + 3) / 4 * 3)

/* Appends the text for `raw`. False: it did not fit, `failed` is set. Allocates
   only in out, so that no second copy is left anywhere. */
bool a407_base64_add(struct a407_buf *out, struct a407_span raw);

/* Appends the bytes that `text` stands for. False: it is no base64 or not
   whole, or does not fit; then out is as it was. */
bool a407_base64_take(struct a407_buf *out, struct a407_span text);

/*
 * Decodes what others accept, too: padding may be missing. *n is the room at
 * `raw`, and then the length. False: no base64, or there is less room than for
 * any text of that length. The caller wipes.
 */
bool a407_base64_decode(struct a407_span text, char *raw, size_t *n);

#endif
