/* SPDX-License-Identifier: MIT */
#ifndef A407_AUTH_TEXT_H
#define A407_AUTH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "span.h"

/* What schemes and credentials share: checks of text, and quoted-strings. */

/* Whether a byte is a control (CTL: RFC 5234 appendix B.1); of characters that
   a terminal obeys text_put.h knows more. */
static inline bool a407_is_ctl(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/*
 * Whether the text holds a control byte: none may be in a user name, a password
 * or a token (RFC 7617 section 2); that keeps CR, LF and NUL out of fields.
 */
bool a407_text_has_control(struct a407_span s);

bool a407_text_is_ascii(struct a407_span s);

/* Whether the text is well-formed UTF-8 (RFC 3629 section 4). */
bool a407_text_is_utf8(struct a407_span s);

/*
 * Appends s as a quoted-string with its quotes; '"' and '\' are escaped (RFC
 * 9110 section 5.6.4). The caller has refused control bytes. False: it did not
 * fit. Allocates only in out.
 */
bool a407_text_quote(struct a407_buf *out, struct a407_span s);

/*
 * Appends s as an ext-value in UTF-8: UTF-8''J%C3%A4n (RFC 8187 section 3.2).
 * The caller has checked that it is UTF-8. False: it did not fit.
 */
bool a407_text_ext_value(struct a407_buf *out, struct a407_span s);

/* Wipes what was appended since out held `n` bytes. `failed` stays. */
void a407_text_undo(struct a407_buf *out, size_t n);

#endif
