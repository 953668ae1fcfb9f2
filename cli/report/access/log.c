/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <time.h>

#define SECOND_US ((int64_t)1000000)

/* A number of 1 to `digits` digits at s's start, which is taken off. */
static bool take_number(struct a407_span *s, size_t digits, int64_t *out)
{
    size_t n = 0;

    *out = 0;
    while (n < s->n && n < digits && s->p[n] >= '0' && s->p[n] <= '9')
        *out = *out * 10 + (s->p[n++] - '0');
    s->p += n;
    s->n -= n;
    return n > 0;
}

static bool take_char(struct a407_span *s, char c)
{
    if (s->n == 0 || *s->p != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

/* The word at s's start, which is taken off with the blanks behind it. */
static struct a407_span take_word(struct a407_span *s)
{
    struct a407_span word = {s->p, 0};

    a407_span_cut(s, ' ', &word);
    while (take_char(s, ' '))
        ;
    return word;
}

static bool all_of(struct a407_span s, const char *set)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || !strchr(set, s.p[i]))
            return false;
    return s.n > 0;
}

#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

/* "53124" or "port=53124", and nothing else. 0: no port. */
static int port_of(struct a407_span word)
{
    int64_t port;

    if (word.n > 5 && memcmp(word.p, "port=", 5) == 0)
        word = a407_span(word.p + 5, word.n - 5);
    if (!take_number(&word, 5, &port) || word.n || port > 65535)
        return 0;
    return (int)port;
}

static struct a407_span last_word(struct a407_span s)
{
    size_t at = s.n;

    while (at > 0 && s.p[at - 1] != ' ')
        at--;
    return a407_span(s.p + at, s.n - at);
}

/* What a backslash and `c` stand for; squid and Apache agree. */
static char escaped(char c)
{
    static const char from[] = "nrtbvf", to[] = "\n\r\t\b\v\f";
    const char *at = c ? strchr(from, c) : NULL;

    return at ? to[at - from] : c;
}

/*
 * Takes the escapes of a field back, in place: backslashes, \xHH (Apache), and
 * with `percent` %HH (squid's names of users). "-" alone: not told.
 */
static struct a407_span unescape(struct a407_span s, bool percent)
{
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
            *to++ = more ? escaped(p[1]) : *p;
            p += more ? 2 : 1;
        }
    }
    return a407_span(start, (size_t)(to - start));
}

/*
 * "HIER_DIRECT/192.0.2.1 text/html" and what may follow: nothing, a port, or
 * squid's copy of the headers in brackets. A user name, which may hold blanks,
 * is in front of it and was typed by anybody.
 */
static bool squid_tail(struct a407_span s, bool strict, int *port)
{
    struct a407_span peer = take_word(&s), kind = take_word(&s);
    const char *slash = peer.n ? memchr(peer.p, '/', peer.n) : NULL;

    *port = port_of(last_word(s));
    if (!slash || slash == peer.p || slash + 1 == peer.p + peer.n ||
        !all_of(a407_span(peer.p, (size_t)(slash - peer.p)), UPPER DIGITS) ||
        kind.n == 0)
        return false;
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
            *user = a407_span_trim(a407_span(s.p, (size_t)(rest.p - s.p)));
            return true;
        }
    }
    return false;
}

/* "1795295676.550", as digits enough that no port or size is taken for it. */
static bool squid_time(struct a407_span *s, int64_t *us)
{
    int64_t seconds, millis;
    const char *start = s->p;

    if (!take_number(s, 11, &seconds) || s->p - start < 9 ||
        !take_char(s, '.') || !take_number(s, 3, &millis) || s->p[-4] != '.' ||
        !take_char(s, ' '))
        return false;
    *us = seconds * SECOND_US + millis * 1000;
    while (take_char(s, ' '))
        ;
    return true;
}

/* "TCP_DENIED/407"; newer releases add words as in "TCP_MISS_ABORTED/200". */
static bool squid_result(struct a407_span word, struct a407_access_line *out)
{
    const char *slash = word.n ? memchr(word.p, '/', word.n) : NULL;
    struct a407_span code;
    int64_t status;

    if (!slash)
        return false;
    out->result = a407_span(word.p, (size_t)(slash - word.p));
    code = a407_span(slash + 1, word.n - out->result.n - 1);
    if (!all_of(out->result, UPPER DIGITS) || code.n != 3 ||
        !take_number(&code, 3, &status) || code.n)
        return false;
    out->status = (int)status;
    return true;
}

static bool parse_squid(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span number;
    int64_t millis;

    memset(out, 0, sizeof *out);
    out->grain_us = 1000;
    if (!squid_time(&s, &out->end_us) || !take_number(&s, 12, &millis) ||
        !take_char(&s, ' '))
        return false;
    out->start_us = out->end_us - millis * 1000;
    out->client = take_word(&s);
    if (!squid_result(take_word(&s), out))
        return false;
    number = take_word(&s);
    out->method = take_word(&s);
    out->target = take_word(&s);
    if (!all_of(number, DIGITS) || out->target.n == 0 ||
        !split_user(s, &out->user, &out->client_port))
        return false;
    out->user = unescape(out->user, true);
    return true;
}

/* What stands behind "squid[123]: ", "(squid-1): " in a line of syslog. */
static struct a407_span without_syslog(struct a407_span s)
{
    const char *at = memmem(s.p, s.n < 256 ? s.n : 256, "): ", 3);

    if (!at)
        at = memmem(s.p, s.n < 256 ? s.n : 256, "]: ", 3);
    if (!at)
        return a407_span(s.p, 0);
    at += 3;
    return a407_span(at, s.n - (size_t)(at - s.p));
}

/* "21/Nov/2026:21:14:36 +0000] " in front of a quote, taken off. */
static bool common_time(struct a407_span *s, int64_t *us)
{
    char text[40] = "";
    struct tm tm = {0};
    const char *end;
    size_t n;
    long offset;

    memcpy(text, s->p, s->n < sizeof text ? s->n : sizeof text - 1);
    end = strptime(text, "%d/%b/%Y:%H:%M:%S %z] ", &tm);
    n = end ? (size_t)(end - text) : 0;
    if (n == 0 || n >= s->n || s->p[n] != '"' || s->p[n - 1] != ' ')
        return false;
    s->p += n;
    s->n -= n;
    offset = tm.tm_gmtoff; /* timegm sets it */
    *us = ((int64_t)timegm(&tm) - offset) * SECOND_US;
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

/*
 * The quoted string at s's start, taken off with its quotes. squid's own
 * combined format escapes no quote, so one ends only in front of a blank or
 * the line's end.
 */
static bool take_quoted(struct a407_span *s, struct a407_span *out)
{
    size_t i;

    if (!take_char(s, '"'))
        return false;
    for (i = 0; i < s->n; i++) {
        if (s->p[i] == '\\' && i + 1 < s->n)
            i++;
        else if (s->p[i] == '"' && (i + 1 == s->n || s->p[i + 1] == ' '))
            break;
    }
    if (i == s->n)
        return false;
    *out = a407_span(s->p, i);
    s->p += i + 1;
    s->n -= i + 1;
    while (take_char(s, ' '))
        ;
    return true;
}

/* "GET http://host/with blanks HTTP/1.1": method, target, version. */
static void split_request(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span version = last_word(s);

    out->method = take_word(&s);
    out->target = s;
    if (version.p > out->method.p && version.n > 5 &&
        memcmp(version.p, "HTTP/", 5) == 0)
        out->target = a407_span_trim(a407_span(s.p, (size_t)(version.p - s.p)));
}

/* What is left behind the size; a user's name has squid's escapes then. */
static bool common_tail(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span word = last_word(s);
    const char *colon;

    out->client_port = port_of(word);
    if (out->client_port)
        word =
            last_word(a407_span_trim(a407_span(s.p, (size_t)(word.p - s.p))));
    colon = word.n ? memchr(word.p, ':', word.n) : NULL;
    if (!colon || !all_of(word, UPPER DIGITS ":"))
        return false;
    out->result = a407_span(word.p, (size_t)(colon - word.p));
    return true;
}

static bool parse_common(struct a407_span s, struct a407_access_line *out)
{
    struct a407_span rest = s, request, status;
    int64_t code;
    const char *open;
    bool squid;

    memset(out, 0, sizeof *out);
    out->grain_us = SECOND_US;
    do { /* the first bracket that a time and a request follow */
        open = rest.n ? memmem(rest.p, rest.n, " [", 2) : NULL;
        if (!open)
            return false;
        rest = a407_span(open + 2, s.n - (size_t)(open + 2 - s.p));
        request = rest;
    } while (!common_time(&request, &out->start_us));
    out->end_us = out->start_us;
    rest = request;
    if (!common_head(a407_span(s.p, (size_t)(open - s.p)), out) ||
        !take_quoted(&rest, &request))
        return false;
    status = take_word(&rest);
    if (status.n == 0 || status.n > 3 || !take_number(&status, 3, &code) ||
        status.n || take_word(&rest).n == 0)
        return false;
    out->status = (int)code;
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
