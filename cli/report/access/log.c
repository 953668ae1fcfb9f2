/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include "core/base/date.h"

#define SECOND_US ((int64_t)1000000)

#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

/* The bytes of a set (NULL: all but blanks) that s begins with, taken off. */
static struct a407_span take(struct a407_span *s, const char *set)
{
    size_t n = 0;

    while (n < s->n && (set ? s->p[n] && strchr(set, s->p[n]) : s->p[n] != ' '))
        n++;
    *s = a407_span(s->p + n, s->n - n);
    return a407_span(s->p - n, n);
}

/* A word, taken off with the blanks behind it. */
static struct a407_span take_word(struct a407_span *s)
{
    struct a407_span word = take(s, NULL);

    take(s, " ");
    return word;
}

/* Fields of a shape, taken off with the blanks behind them: "#" is a number,
   "W" a word, "R" one as squid's results are, a blank some blanks; another
   character stands for itself. */
static bool take_shape(struct a407_span *s, const char *shape,
                       struct a407_span *fields)
{
    for (; *shape; shape++) {
        struct a407_span field = a407_span(s->p, s->n && *s->p == *shape);

        if (strchr("#WR ", *shape))
            field = take(s, *shape == '#'   ? DIGITS
                            : *shape == 'W' ? NULL
                            : *shape == 'R' ? UPPER DIGITS
                                            : " ");
        else
            *s = a407_span(s->p + field.n, s->n - field.n);
        if (field.n == 0)
            return false;
        if (strchr("#WR", *shape))
            *fields++ = field;
    }
    take(s, " ");
    return true;
}

static bool all_of(struct a407_span s, const char *set)
{
    return take(&s, set).n && s.n == 0;
}

/* "53124" or "port=53124", and nothing else. 0: no port. */
static int port_of(struct a407_span word)
{
    uint64_t port = 0;

    if (a407_span_begins(word, "port="))
        word = a407_span_skip(word, 5);
    if (word.n <= 5)
        a407_span_number(word, 65535, &port);
    return (int)port;
}

static struct a407_span last_word(struct a407_span s)
{
    size_t at = s.n;

    while (at > 0 && s.p[at - 1] != ' ')
        at--;
    return a407_span(s.p + at, s.n - at);
}

/* Takes the escapes of a field back, in place: backslashes, \xHH (Apache), and
   with `percent` %HH (squid's names of users). "-" alone: not told. */
static struct a407_span unescape(struct a407_span s, bool percent)
{
    /* what a backslash and a letter stand for; squid and Apache agree */
    static const char letters[] = "nrtbvf", bytes[] = "\n\r\t\b\v\f";
    char *start = (char *)(uintptr_t)s.p, *to = start;
    const char *p = s.p, *end = s.p + s.n;

    if (s.n == 0 || a407_span_eq(s, "-"))
        return a407_span(NULL, 0);
    while (p < end) {
        bool more = *p == '\\' && end - p > 1;
        int mark = more && p[1] == 'x' ? 2 : *p == '%' && percent ? 1 : 0;
        int high = -1, low = -1;

        if (mark && end - p > mark + 1) {
            high = a407_hex_value(p[mark]);
            low = a407_hex_value(p[mark + 1]);
        }
        if (high >= 0 && low >= 0) {
            *to++ = (char)(high << 4 | low);
            p += mark + 2;
        } else {
            const char *letter = more && p[1] ? strchr(letters, p[1]) : NULL;

            *to++ = letter ? bytes[letter - letters] : p[more];
            p += more ? 2 : 1;
        }
    }
    return a407_span(start, (size_t)(to - start));
}

/* "HIER_DIRECT/192.0.2.1 text/html" and what may follow: nothing, a port, or
   squid's copy of the headers in brackets. In front of it is a user name, of
   any text, also with blanks. */
static bool squid_tail(struct a407_span s, bool strict, int *port)
{
    struct a407_span fields[3];

    if (!take_shape(&s, "R/W W", fields))
        return false;
    *port = port_of(last_word(s));
    return !strict || s.n == 0 || *s.p == '[' ||
           (*port && last_word(s).p == s.p);
}

/* Parts "USER HIER/PEER TYPE ..."; the user's name is what is left. */
static bool split_user(struct a407_span s, struct a407_span *user, int *port)
{
    int strict;

    for (strict = 1; strict >= 0; strict--) {
        struct a407_span rest = s;

        while (take_word(&rest).n && rest.n) {
            if (!squid_tail(rest, strict, port))
                continue;
            *user = a407_span_trim(a407_span_before(s, rest.p));
            return true;
        }
    }
    return false;
}

/* "1795295676.550     12 192.0.2.7 TCP_DENIED/407 3900 GET http://a/ ..."; the
   time has so many digits that no port or size is taken for it. Newer releases
   add words as in "TCP_MISS_ABORTED/200". */
static bool parse_squid(struct a407_span s, struct a407_access_line *out)
{
    enum { TIME, MILLIS, LASTED, CLIENT, RESULT, STATUS, SIZE, METHOD, TARGET };
    struct a407_span f[TARGET + 1];
    uint64_t seconds, millis, lasted, status;

    memset(out, 0, sizeof *out);
    if (!take_shape(&s, "#.# # W R/# # W W ", f) || f[TIME].n < 9 ||
        f[MILLIS].n != 3 || f[STATUS].n != 3 ||
        !a407_span_number(f[TIME], 99999999999, &seconds) ||
        !a407_span_number(f[MILLIS], 999, &millis) ||
        !a407_span_number(f[LASTED], 999999999999, &lasted) ||
        !a407_span_number(f[STATUS], 999, &status) ||
        !split_user(s, &out->user, &out->client_port))
        return false;
    out->grain_us = 1000;
    out->end_us = (int64_t)seconds * SECOND_US + (int64_t)millis * 1000;
    out->start_us = out->end_us - (int64_t)lasted * 1000;
    out->client = f[CLIENT];
    out->result = f[RESULT];
    out->status = (int)status;
    out->method = f[METHOD];
    out->target = f[TARGET];
    out->user = unescape(out->user, true);
    return true;
}

/* What stands behind "squid[123]: ", "(squid-1): " in a line of syslog. */
static struct a407_span without_syslog(struct a407_span s)
{
    size_t n = s.n < 256 ? s.n : 256;
    const char *at = memmem(s.p, n, "): ", 3) ?: memmem(s.p, n, "]: ", 3);

    return at ? a407_span_from(s, at + 3) : a407_span(s.p, 0);
}

/* "21/Nov/2026:21:14:36 +0000] " in front of a quote, taken off. */
static bool common_time(struct a407_span *s, int64_t *us)
{
    struct a407_date d = {0}, ahead = {.year = 1970, .month = 1, .day = 1};
    int64_t offset;
    char sign;

    if (!a407_date_take(s, "%d/%b/%Y:%H:%M:%S ", &d) || !a407_date_ok(&d))
        return false;
    sign = a407_span_take(s);
    if (!strchr("+-", sign) || !a407_date_take(s, "%H%M] ", &ahead) ||
        !a407_date_ok(&ahead) || a407_span_peek(s) != '"')
        return false;
    offset = a407_date_seconds(&ahead);
    *us =
        (a407_date_seconds(&d) - (sign == '-' ? -offset : offset)) * SECOND_US;
    return true;
}

static bool looks_like_address(struct a407_span s)
{
    return all_of(s, DIGITS "abcdefABCDEF.:%[]") &&
           (memchr(s.p, '.', s.n) || memchr(s.p, ':', s.n));
}

/* "CLIENT IDENT USER", or with a virtual host and its port in front. */
static bool common_head(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span first = take_word(&s), rest = s;
    struct a407_span second = take_word(&rest), after = rest;

    if (first.n == 0 || second.n == 0)
        return false;
    out->client = first;
    out->user = rest;
    if (!a407_span_eq(second, "-") && memchr(first.p, ':', first.n) &&
        looks_like_address(second) && take_word(&after).n && after.n) {
        out->client = second;
        out->user = after;
    }
    return out->user.n > 0;
}

/* The quoted string at s's start, taken off. squid's own combined format
   escapes no quote, so one ends only in front of a blank or the line's end. */
static bool take_quoted(struct a407_span *s, struct a407_span *out)
{
    char c, open = a407_span_take(s);

    *out = *s;
    while (open == '"' && s->n) {
        c = a407_span_take(s);
        if (c == '"' && (!s->n || *s->p == ' ')) {
            *out = a407_span_before(*out, s->p - 1);
            take(s, " ");
            return true;
        }
        if (c == '\\')
            a407_span_take(s);
    }
    return false;
}

/* "GET http://host/with blanks HTTP/1.1": method, target, version. */
static void split_request(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span version = last_word(s);

    out->method = take_word(&s);
    out->target = s;
    if (version.p > out->method.p && a407_span_begins(version, "HTTP/"))
        out->target = a407_span_trim(a407_span_before(s, version.p));
}

/* What is left behind the size; a user's name has squid's escapes then. */
static bool common_tail(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span word = last_word(s);
    const char *colon;

    out->client_port = port_of(word);
    if (out->client_port)
        word = last_word(a407_span_trim(a407_span_before(s, word.p)));
    colon = word.n ? memchr(word.p, ':', word.n) : NULL;
    if (!colon || !all_of(word, UPPER DIGITS ":"))
        return false;
    out->result = a407_span_before(word, colon);
    return true;
}

static bool parse_common(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span rest = s, request, fields[2];
    uint64_t status;
    const char *open;
    bool squid;

    memset(out, 0, sizeof *out);
    out->grain_us = SECOND_US;
    do { /* the first bracket that a time and a request follow */
        open = rest.n ? memmem(rest.p, rest.n, " [", 2) : NULL;
        if (!open)
            return false;
        rest = a407_span_from(s, open + 2);
        request = rest;
    } while (!common_time(&request, &out->start_us));
    out->end_us = out->start_us;
    rest = request;
    if (!common_head(a407_span_before(s, open), out) ||
        !take_quoted(&rest, &request) || !take_shape(&rest, "# W", fields) ||
        !a407_span_number(fields[0], 999, &status))
        return false;
    out->status = (int)status;
    squid = common_tail(rest, out);
    out->user = unescape(out->user, squid);
    request = unescape(request, false);
    if (request.n) /* "-": a connection that ended without a request */
        split_request(request, out);
    return true;
}

bool a407_access_parse(char *p, size_t n, struct a407_access_line *out)
{
    struct a407_span s = a407_span_trim(a407_span(p, n));

    return parse_squid(s, out) || parse_squid(without_syslog(s), out) ||
           parse_common(s, out);
}
