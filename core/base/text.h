/* SPDX-License-Identifier: MIT */
#ifndef A407_TEXT_H
#define A407_TEXT_H

#include "buf.h"

/* Text: checks, character sets, and the quoted forms of HTTP and JSON. */

/* ---- checks ---- */

/* Whether a byte is a control (CTL: RFC 5234 appendix B.1). */
static inline bool a407_is_ctl(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A control character, or one that is not seen but moves or joins what is: what
   a terminal obeys, or a reader is deceived by. */
bool a407_is_control(unsigned c);

/* Does the text hold a control byte? None may be in a user name, a password or
   a token (RFC 7617 section 2): it keeps CR, LF and NUL out of fields. */
bool a407_text_has_control(struct a407_span s);

bool a407_text_is_ascii(struct a407_span s);

/* What is_control finds becomes "?", and so does what is no UTF-8. */
void a407_text_make_plain(char *z);

/* Whether the text is well-formed UTF-8 (RFC 3629 section 4). */
bool a407_text_is_utf8(struct a407_span s);

/* The character that s, which is not empty, begins with. Returns its length, 0
   if it is no well-formed UTF-8 (Unicode, table 3-7). */
size_t a407_utf8_next(struct a407_span s, unsigned *c);

static inline bool a407_utf8_goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The byte that "%XX" at the front stands for (RFC 3986 section 2.1), or -1. */
int a407_percent_byte(struct a407_span s);

/* The most of n bytes after which no character of UTF-8 is cut in two; p[n] is
   looked at. What is no UTF-8 may be cut anywhere. */
static inline size_t a407_utf8_floor(const char *p, size_t n)
{
    size_t k = n;
    while (k && n - k < 3 && a407_utf8_goes_on(p[k]))
        k--;
    return a407_utf8_goes_on(p[k]) ? n : k;
}

/* ---- into memory of a fixed size ---- */

/* Copies what fits into out, cap bytes with the NUL that is always written, and
   no part of a character. */
void a407_put(char *out, size_t cap, struct a407_span s);

/* The same of UTF-16LE, as UTF-8; half a surrogate pair becomes U+FFFD. */
void a407_put_utf16(char *out, size_t cap, struct a407_span s);

/* ---- into a buffer; each allocates only there ---- */

/* Appends the UTF-8 text as UTF-16LE. False: it is not well-formed (a part may
   have been appended), or it did not fit. */
bool a407_utf16_add(struct a407_buf *out, struct a407_span utf8);

/* The same in upper case, character by character, in no locale. */
bool a407_utf16_add_upper(struct a407_buf *out, struct a407_span utf8);

/* The simple upper-case form of one UTF-16 unit; itself if there is none. */
uint16_t a407_utf16_upper(uint16_t unit);

/* Appends s as a quoted-string (RFC 9110 section 5.6.4). The caller has refused
   control bytes. False: it did not fit. */
bool a407_text_quote(struct a407_buf *out, struct a407_span s);

/* Appends s, which is UTF-8, as an ext-value: UTF-8''J%C3%A4n (RFC 8187 section
   3.2). False: it did not fit. */
bool a407_text_ext_value(struct a407_buf *out, struct a407_span s);

/* Appends s as a JSON string (RFC 8259 section 7), valid whatever the bytes
   are; what a terminal would obey is escaped. */
void a407_json_string(struct a407_buf *out, struct a407_span s);

#endif
