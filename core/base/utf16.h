/* SPDX-License-Identifier: MIT */
#ifndef A407_UTF16_H
#define A407_UTF16_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "span.h"

/*
 * Appends the UTF-8 text as UTF-16 with the low byte first, characters beyond
 * the BMP as two surrogates. False: it is not well-formed UTF-8 (RFC 3629
 * section 4; a part of it may have been appended), or it did not fit.
 */
bool a407_utf16_add(struct a407_buf *out, struct a407_span utf8);

/* The same in upper case, character by character, in no locale. */
bool a407_utf16_add_upper(struct a407_buf *out, struct a407_span utf8);

/* The simple upper-case form of one UTF-16 unit; itself if there is none. */
uint16_t a407_utf16_upper(uint16_t unit);

#endif
