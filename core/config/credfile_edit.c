/* SPDX-License-Identifier: MIT */
#include "credfile_edit.h"

#include "core/base/text.h"

/* What the parser decides on: '[' begins a section, '#' or ';' a comment; NUL:
   a blank line, since no such byte is in the file. */
static char first_of(struct a407_span line)
{
    line = a407_span_trim(line);
    return a407_span_peek(&line);
}

static bool says_nothing(struct a407_span line)
{
    return memchr("#;", first_of(line), sizeof "#;");
}

/* Behind a byte order mark. */
static struct a407_span lines_of(struct a407_span text)
{
    return a407_span_begins(text, "\xef\xbb\xbf") ? a407_span_skip(text, 3)
                                                  : text;
}

/* From its header to behind its last key; both empty: there is none. */
static struct a407_span find(struct a407_span text, size_t section)
{
    struct a407_span left = lines_of(text), line, its = {0};
    size_t seen = 0;
    for (;;) {
        const char *start = left.p;
        if (!a407_span_line(&left, &line))
            return its;
        if (says_nothing(line))
            continue;
        if (first_of(line) == '[' && seen++ == section)
            its.p = start;
        if (seen > section + 1)
            return its;
        if (its.p)
            its.n = (size_t)(left.p - its.p);
    }
}

/* How lines end there: as the first one does. */
static const char *line_end(struct a407_span lines)
{
    const char *lf = a407_span_find(lines, '\n');
    return lf && lf > lines.p && lf[-1] == '\r' ? "\r\n" : "\n";
}

/* Ends the last line, if there is one that is not ended; a CR is half an end.
 */
static void finish_line(struct a407_buf *out, const char *end)
{
    char last = out->n ? out->p[out->n - 1] : '\n';
    if (last != '\n')
        a407_buf_str(out, last == '\r' ? "\n" : end);
}

/* Quotes where the parser would trim, or take quotes off. */
static void put_value(struct a407_buf *out, const char *value)
{
    struct a407_span v = a407_span_str(value);
    bool ends_alike = v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"';
    bool quote = !v.n || a407_span_trim(v).n != v.n || ends_alike;
    a407_buf_str(out, quote ? "\"" : "");
    a407_buf_span(out, v);
    a407_buf_str(out, quote ? "\"" : "");
}

static void put_keys(struct a407_buf *out, const struct a407_credfile_key *keys,
                     size_t n, unsigned done, const char *end)
{
    for (size_t i = 0; i < n; i++) {
        if (!keys[i].value || done & 1u << i)
            continue;
        finish_line(out, end);
        a407_buf_str(out, keys[i].name);
        a407_buf_str(out, " = ");
        put_value(out, keys[i].value);
        a407_buf_str(out, end);
    }
}

/* The line's key, in `keys`; n: it is none of them. */
static size_t key_of(struct a407_span line,
                     const struct a407_credfile_key *keys, size_t n)
{
    const char *eq = a407_span_find(line, '=');
    size_t i = eq && !says_nothing(line) ? 0 : n;
    while (i < n && !a407_span_ieq(a407_span_trim(a407_span_before(line, eq)),
                                   keys[i].name))
        i++;
    return i;
}

/* What stands before the value stays as it was written. */
static void rewrite(struct a407_buf *out, struct a407_span line,
                    const char *value)
{
    const char *p = a407_span_find(line, '=') + 1;
    while (p < line.p + line.n && a407_is_ows(*p))
        p++;
    a407_buf_span(out, a407_span_before(line, p));
    put_value(out, value);
}

bool a407_credfile_set(struct a407_buf *out, struct a407_span text,
                       size_t section, const struct a407_credfile_key *keys,
                       size_t n)
{
    struct a407_span its = find(text, section), line, left = its;
    const char *end = line_end(its);
    unsigned done = 0;
    if (!its.p)
        return false;
    a407_buf_span(out, a407_span_before(text, its.p));
    for (;;) {
        const char *start = left.p;
        if (!a407_span_line(&left, &line))
            break;
        size_t k = key_of(line, keys, n);
        const char *line_ends = line.p + line.n;
        if (k < n && !keys[k].value)
            continue;
        if (k < n)
            rewrite(out, line, keys[k].value);
        else
            a407_buf_span(out, line);
        a407_buf_span(out,
                      a407_span(line_ends, (size_t)(left.p - start) - line.n));
        done |= k < n ? 1u << k : 0;
    }
    put_keys(out, keys, n, done, end);
    return a407_buf_span(out, a407_span_from(text, its.p + its.n));
}

bool a407_credfile_add(struct a407_buf *out, struct a407_span text,
                       const struct a407_endpoint *endpoint,
                       const struct a407_credfile_key *keys, size_t n)
{
    const char *end = line_end(text);
    a407_buf_span(out, text);
    if (lines_of(text).n) {
        finish_line(out, end);
        a407_buf_str(out, end);
    }
    a407_buf_str(out, "[");
    a407_endpoint_add(out, endpoint);
    a407_buf_fmt(out, "]%s", end);
    put_keys(out, keys, n, 0, end);
    return !out->failed;
}

bool a407_credfile_cut(struct a407_buf *out, struct a407_span text,
                       size_t section)
{
    struct a407_span its = find(text, section), line;
    if (!its.p)
        return false;
    struct a407_span before = a407_span_before(text, its.p);
    struct a407_span after = a407_span_from(text, its.p + its.n), left = after;
    bool top = !lines_of(before).n, gap = a407_span_ends(before, "\n\n") ||
                                          a407_span_ends(before, "\n\r\n");
    /* of the blank lines round it one is enough, and none at either end */
    if (!after.n && gap)
        before.n -= before.p[before.n - 2] == '\r' ? 2 : 1;
    else if ((top || gap) && a407_span_line(&left, &line) && !first_of(line))
        after = left;
    a407_buf_span(out, before);
    return a407_buf_span(out, after);
}
