/* SPDX-License-Identifier: MIT */
#ifndef A407_SPAN_H
#define A407_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * A run of bytes in a buffer that somebody else owns. Not NUL-terminated. A
 * span is valid as long as the buffer is neither freed nor changed. An absent
 * value has p == NULL; an empty one has p != NULL and n == 0.
 */
struct a407_span {
    const char *p;
    size_t n;
};

static inline struct a407_span a407_span(const char *p, size_t n)
{
    return (struct a407_span){p, n};
}

static inline struct a407_span a407_span_str(const char *z)
{
    return (struct a407_span){z, z ? strlen(z) : 0};
}

static inline bool a407_span_eq(struct a407_span s, const char *z)
{
    return s.p && s.n == strlen(z) && memcmp(s.p, z, s.n) == 0;
}

static inline unsigned char a407_lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

/*
 * ASCII case is ignored: tokens of HTTP (RFC 9110 section 5.1). Not
 * strncasecmp(): in a Turkish locale it tells "I" from "i", and the program
 * decides about the locale.
 */
static inline bool a407_span_ieq(struct a407_span s, const char *z)
{
    if (!s.p || s.n != strlen(z))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (a407_lower(s.p[i]) != a407_lower(z[i]))
            return false;
    return true;
}

/* Takes the text up to the next `end` off the front, or all of it, and drops
   that byte. False: nothing is left. */
static inline bool a407_span_cut(struct a407_span *s, char end,
                                 struct a407_span *out)
{
    const char *at = s->n ? (const char *)memchr(s->p, end, s->n) : NULL;
    size_t n = at ? (size_t)(at - s->p) : s->n;
    if (!s->n)
        return false;
    *out = a407_span(s->p, n);
    n += at != NULL;
    *s = a407_span(s->p + n, s->n - n);
    return true;
}

/* Takes a line off the front, without its end, LF or CRLF. False: nothing is
   left. */
static inline bool a407_span_line(struct a407_span *s, struct a407_span *out)
{
    if (!a407_span_cut(s, '\n', out))
        return false;
    out->n -= out->n && out->p[out->n - 1] == '\r';
    return true;
}

/* The span without OWS (RFC 9110 section 5.6.3) at either end. */
static inline struct a407_span a407_span_trim(struct a407_span s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

#endif
