/* SPDX-License-Identifier: MIT */
#include "lex.h"

/* Longer than any registered one: so that other protocols are told soon. */
#define SCHEME_MAX 32u

/* Bytes being told apart. Each scan moves `at` past what it took, and does
   nothing unless all before it said YES. */
struct scan {
    const char *p;
    size_t n;
    size_t at;
    enum a407_sniff v; /* MAYBE: the bytes ended within it */
};

static struct scan scan_of(const char *p, size_t n)
{
    return (struct scan){.p = p, .n = n, .v = A407_SNIFF_YES};
}

static void scan_text(struct scan *s, const char *z)
{
    for (; *z && s->v == A407_SNIFF_YES; z++) {
        if (s->at == s->n)
            s->v = A407_SNIFF_MAYBE;
        else if (s->p[s->at++] != *z)
            s->v = A407_SNIFF_NO;
    }
}

/* Takes at least one and at most `max` bytes of a class; another must follow.
 */
static void scan_run(struct scan *s, bool (*is)(char c), size_t max)
{
    size_t from = s->at;
    if (s->v != A407_SNIFF_YES)
        return;
    while (s->at < s->n && s->at - from <= max && is(s->p[s->at]))
        s->at++;
    if (s->at - from > max)
        s->v = A407_SNIFF_NO;
    else if (s->at == s->n)
        s->v = A407_SNIFF_MAYBE;
    else if (s->at == from)
        s->v = A407_SNIFF_NO;
}

/* Everything but blanks and controls. RFC 3986 allows less; clients send raw
   UTF-8, and the proxy is the one to judge. */
static bool is_uri_char(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f;
}

/* Host names, underscores and percent-encoding included; no sub-delims. */
static bool is_name_char(char c)
{
    return a407_is_alnum(c) || (c && strchr("-._~%", c));
}

/* IPv6 addresses, also with an IPv4 tail or a zone (RFC 6874). */
static bool is_literal_char(char c)
{
    return is_name_char(c) || c == ':';
}

/* host ":" port; uri-host of RFC 9110 section 4.1. */
static void scan_authority(struct scan *s)
{
    if (s->at < s->n && s->p[s->at] == '[') {
        s->at++;
        scan_run(s, is_literal_char, SIZE_MAX);
        scan_text(s, "]");
    } else {
        scan_run(s, is_name_char, SIZE_MAX);
    }
    scan_text(s, ":");
    scan_run(s, a407_is_digit, 5);
}

/* scheme "://" and at least one byte more (RFC 3986 section 3). */
static void scan_absolute(struct scan *s)
{
    if (s->at < s->n && !a407_is_alpha(s->p[s->at]))
        s->v = A407_SNIFF_NO;
    scan_run(s, a407_is_scheme_char, SCHEME_MAX);
    scan_text(s, "://");
    scan_run(s, is_uri_char, SIZE_MAX);
}

static void scan_target(struct scan *s, struct a407_span method)
{
    if (a407_span_eq(method, "CONNECT"))
        scan_authority(s);
    else
        scan_absolute(s);
}

enum a407_target_form a407_target_form(struct a407_span method,
                                       struct a407_span target)
{
    struct scan s = scan_of(target.p, target.n + 1);
    scan_target(&s, method);
    if (s.v != A407_SNIFF_YES || s.at != target.n)
        return A407_FORM_OTHER;
    return a407_span_eq(method, "CONNECT") ? A407_FORM_AUTHORITY
                                           : A407_FORM_ABSOLUTE;
}

size_t a407_empty_line(const char *p, size_t n)
{
    if (n && p[0] == '\n')
        return 1;
    return n > 1 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

enum a407_sniff a407_sniff_proxy_request(const char *p, size_t n)
{
    struct scan s = scan_of(p, n);
    if (n == 1 && p[0] == '\r')
        return A407_SNIFF_MAYBE;
    size_t from = s.at = a407_empty_line(p, n);
    scan_run(&s, a407_is_tchar, A407_METHOD_MAX);
    if (s.v == A407_SNIFF_YES) {
        struct a407_span method = a407_span(p + from, s.at - from);
        scan_text(&s, " ");
        if (s.v == A407_SNIFF_YES)
            scan_target(&s, method);
        scan_text(&s, " HTTP/1.");
    }
    return s.v == A407_SNIFF_MAYBE && n > A407_HEAD_MAX ? A407_SNIFF_NO : s.v;
}

/* 101 is a 1xx, but what follows it is no HTTP (RFC 9110 section 15.2.2). */
static void scan_interim(struct scan *s)
{
    size_t from = s->at;
    scan_run(s, a407_is_digit, 3);
    size_t n = s->at - from;
    bool upgrade = n == 3 && memcmp(s->p + from, "101", 3) == 0;
    if (upgrade || (s->v == A407_SNIFF_YES && n != 3))
        s->v = A407_SNIFF_NO;
}

enum a407_sniff a407_sniff_407(const char *p, size_t n)
{
    struct scan s = scan_of(p, n);
    scan_text(&s, "HTTP/1.");
    scan_run(&s, a407_is_digit, 1);
    scan_text(&s, " ");
    bool interim = s.v == A407_SNIFF_YES && s.at < n && p[s.at] == '1';
    if (interim)
        scan_interim(&s);
    else
        scan_text(&s, "407");
    if (s.v != A407_SNIFF_YES)
        return s.v;
    if (s.at == n)
        return A407_SNIFF_MAYBE;
    return !a407_is_lws(p[s.at]) ? A407_SNIFF_NO
           : interim             ? A407_SNIFF_INTERIM
                                 : A407_SNIFF_YES;
}

size_t a407_head_end(const char *p, size_t n, size_t *from)
{
    size_t at = *from;
    while (at < n) {
        const char *lf = memchr(p + at, '\n', n - at);
        if (!lf) {
            *from = n;
            return 0;
        }
        at = (size_t)(lf - p);
        size_t empty = a407_empty_line(lf + 1, n - at - 1);
        if (empty)
            return at + 1 + empty;
        /* What follows this line end decides: look at it again. */
        if (n - at == 1 || (n - at == 2 && lf[1] == '\r')) {
            *from = at;
            return 0;
        }
        at++;
    }
    return 0;
}

/* One past the line that starts at `at`; 0 if its end isn't there. */
static size_t line_end(const char *p, size_t n, size_t at)
{
    const char *lf = at < n ? memchr(p + at, '\n', n - at) : NULL;
    return lf ? (size_t)(lf - p) + 1 : 0;
}

static enum a407_line split_line(struct a407_field *f)
{
    const char *colon = memchr(f->line.p, ':', f->line.n);
    size_t len = colon ? (size_t)(colon - f->line.p) : 0;
    f->name = a407_span(f->line.p, len);
    f->value = a407_span_strip(a407_span_skip(f->line, len), a407_is_lws);
    if (!colon)
        return A407_LINE_JUNK;
    f->value =
        a407_span_strip(a407_span(colon + 1, f->line.n - len - 1), a407_is_lws);
    for (size_t i = 0; i < len; i++) {
        if (!a407_is_tchar(f->name.p[i])) {
            f->name = a407_span_strip(f->name, a407_is_lws);
            return A407_LINE_JUNK;
        }
    }
    return len ? A407_LINE_FIELD : A407_LINE_JUNK;
}

enum a407_line a407_line_next(const char *p, size_t n, size_t *at,
                              struct a407_field *f)
{
    if (*at == 0)
        *at = line_end(p, n, a407_empty_line(p, n));
    size_t from = *at;
    size_t to = line_end(p, n, from);
    if (!from || !to || a407_empty_line(p + from, n - from)) {
        *at = n;
        return A407_LINE_END;
    }
    while (to < n && a407_is_ows(p[to])) {
        size_t more = line_end(p, n, to);
        if (!more)
            break;
        to = more;
    }
    *at = to;
    f->line = a407_span(p + from, to - from);
    return split_line(f);
}

bool a407_field_next(const char *p, size_t n, size_t *at, struct a407_field *f)
{
    enum a407_line kind;
    do
        kind = a407_line_next(p, n, at, f);
    while (kind == A407_LINE_JUNK);
    return kind == A407_LINE_FIELD;
}

struct a407_span a407_field_find(const char *p, size_t n, const char *name)
{
    struct a407_field f;
    size_t at = 0;
    while (a407_field_next(p, n, &at, &f))
        if (a407_span_ieq(f.name, name))
            return f.value;
    return a407_span(NULL, 0);
}

bool a407_list_next(struct a407_span list, size_t *at, struct a407_span *item)
{
    if (*at > list.n)
        return false;
    bool quoted = false;
    size_t i = *at;
    for (; i < list.n && (quoted || list.p[i] != ','); i++) {
        if (list.p[i] == '"')
            quoted = !quoted;
        else if (quoted && list.p[i] == '\\' && i + 1 < list.n)
            i++;
    }
    *item = a407_span_strip(a407_span(list.p + *at, i - *at), a407_is_lws);
    *at = i + 1;
    return true;
}
