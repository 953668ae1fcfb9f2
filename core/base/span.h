/* SPDX-License-Identifier: MIT */
#ifndef A407_SPAN_H
#define A407_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "ascii.h"

/*
 * A run of bytes in a buffer that somebody else owns. Not NUL-terminated. A
 * span is valid as long as the buffer is neither freed nor changed. An absent
 * value has p == NULL; an empty one has p != NULL and n == 0.
 */
struct a407_span {
    const char *p;
    size_t n;
};

static inline struct a407_span a407_span(const void *p, size_t n)
{
    return (struct a407_span){p, n};
}

static inline struct a407_span a407_span_str(const char *z)
{
    return (struct a407_span){z, z ? strlen(z) : 0};
}

/* What of s is before p, and what from there on; p points into s. */
static inline struct a407_span a407_span_before(struct a407_span s,
                                                const char *p)
{
    return a407_span(s.p, (size_t)(p - s.p));
}

static inline struct a407_span a407_span_from(struct a407_span s, const char *p)
{
    return a407_span(p, (size_t)(s.p + s.n - p));
}

/* s without its first n bytes, of which there are as many. */
static inline struct a407_span a407_span_skip(struct a407_span s, size_t n)
{
    return a407_span(s.p + n, s.n - n);
}

/* The first such byte, or NULL. */
static inline const char *a407_span_find(struct a407_span s, char c)
{
    return s.n ? (const char *)memchr(s.p, c, s.n) : NULL;
}

static inline bool a407_span_eq(struct a407_span s, const char *z)
{
    return s.p && s.n == strlen(z) && memcmp(s.p, z, s.n) == 0;
}

static inline bool a407_span_begins(struct a407_span s, const char *z)
{
    size_t n = strlen(z);
    return s.n >= n && memcmp(s.p, z, n) == 0;
}

static inline bool a407_span_ends(struct a407_span s, const char *z)
{
    size_t n = strlen(z);
    return s.n >= n && memcmp(s.p + s.n - n, z, n) == 0;
}

/* ASCII case is ignored: tokens of HTTP (RFC 9110 section 5.1). */
static inline bool a407_span_ieq(struct a407_span s, const char *z)
{
    if (!s.p || s.n != strlen(z))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (a407_lower(s.p[i]) != a407_lower(z[i]))
            return false;
    return true;
}

/* The first byte; NUL, which no text of a protocol holds, where there is none.
 */
static inline char a407_span_peek(const struct a407_span *s)
{
    return s->n ? *s->p : '\0';
}

/* Takes the first byte off the front; NUL as above. */
static inline char a407_span_take(struct a407_span *s)
{
    if (!s->n)
        return '\0';
    s->n--;
    return *s->p++;
}

/* Takes the bytes off the front that are all of one class. */
static inline struct a407_span a407_span_run(struct a407_span *s,
                                             bool (*is)(char c))
{
    struct a407_span all = *s;
    while (s->n && is(*s->p))
        a407_span_take(s);
    return a407_span(all.p, all.n - s->n);
}

/* Takes the text up to the next `end` off the front, or all of it, and drops
   that byte. False: nothing is left. */
static inline bool a407_span_cut(struct a407_span *s, char end,
                                 struct a407_span *out)
{
    const char *at = a407_span_find(*s, end);
    if (!s->n)
        return false;
    *out = at ? a407_span_before(*s, at) : *s;
    *s = a407_span_skip(*s, out->n + (at != NULL));
    return true;
}

/* Takes a line off the front, without its end, LF or CRLF. False: nothing is
   left. */
static inline bool a407_span_line(struct a407_span *s, struct a407_span *out)
{
    if (!a407_span_cut(s, '\n', out))
        return false;
    bool ended = out->p + out->n != s->p;
    out->n -= ended && out->n && out->p[out->n - 1] == '\r';
    return true;
}

/* The span without what is of one class at either end. */
static inline struct a407_span a407_span_strip(struct a407_span s,
                                               bool (*is)(char c))
{
    while (s.n && is(s.p[0]))
        s.p++, s.n--;
    while (s.n && is(s.p[s.n - 1]))
        s.n--;
    return s;
}

static inline struct a407_span a407_span_trim(struct a407_span s)
{
    return a407_span_strip(s, a407_is_ows);
}

/* Decimal digits and nothing else, at most `most`. False: *out is as it was. */
static inline bool a407_span_number(struct a407_span s, uint64_t most,
                                    uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)(s.p[i] - '0');
        if (!a407_is_digit(s.p[i]) || digit > most || v > (most - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (s.n)
        *out = v;
    return s.n > 0;
}

#endif
