/* SPDX-License-Identifier: MIT */
#ifndef A407_ASCII_H
#define A407_ASCII_H

#include <stdbool.h>
#include <string.h>

/* Classes of characters. Not <ctype.h>: its answers depend on the program's
   locale, in which "I" and "i" may be no pair. */

static inline unsigned char a407_lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

static inline bool a407_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool a407_is_alpha(char c)
{
    unsigned char l = a407_lower(c);
    return l >= 'a' && l <= 'z';
}

static inline bool a407_is_alnum(char c)
{
    return a407_is_alpha(c) || a407_is_digit(c);
}

/* The value of a hexadecimal digit, or -1. */
static inline int a407_hex_value(char c)
{
    unsigned char l = a407_lower(c);
    if (a407_is_digit(c))
        return c - '0';
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* tchar of RFC 9110 section 5.6.2. */
static inline bool a407_is_tchar(char c)
{
    return a407_is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A character of token68 but for "=" (RFC 9110 section 11.2). */
static inline bool a407_is_token68_char(char c)
{
    return a407_is_alnum(c) || (c && strchr("-._~+/", c));
}

/* Of the scheme of a URI (RFC 3986 section 3.1). */
static inline bool a407_is_scheme_char(char c)
{
    return a407_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

/* OWS (RFC 9110 section 5.6.3). */
static inline bool a407_is_ows(char c)
{
    return c == ' ' || c == '\t';
}

/* OWS, and the line end that a folded value holds (RFC 9112 section 5.2). A CR
   or LF inside a value can't be anything else. */
static inline bool a407_is_lws(char c)
{
    return a407_is_ows(c) || c == '\r' || c == '\n';
}

#endif
