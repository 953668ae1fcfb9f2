/* SPDX-License-Identifier: MIT */
#ifndef A407_BASE64_H
#define A407_BASE64_H

#include "buf.h"

/* Base64 (RFC 4648 section 4), by nettle. */

/* The longest text for n bytes, and the most bytes that a text of n holds. */
#define A407_BASE64_TEXT(n) (((n) + 2) / 3 * 4)
#define A407_BASE64_RAW(n)  (((n) + 3) / 4 * 3)

/* Appends the text for `raw`, and leaves no copy of it anywhere else. False: it
   did not fit, `failed` is set. */
bool a407_base64_add(struct a407_buf *out, struct a407_span raw);

/* Appends the bytes that `text` stands for. False: it is no base64 or not
   whole, or does not fit; then out is as it was. */
bool a407_base64_take(struct a407_buf *out, struct a407_span text);

/* The same without a buffer; padding may be missing. *n is the room at `raw`,
   which must do for any text of that length, and then the length. */
bool a407_base64_decode(struct a407_span text, char *raw, size_t *n);

#endif
