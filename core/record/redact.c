/* SPDX-License-Identifier: MIT */
/*
 * What must not reach a log. Hidden are "holes": parts of URLs that carry
 * secrets, and words that look like a token; and all behind a "cut", where a
 * secret begins: after --password, "token=", "Authorization:". A word may be a
 * command line itself ("sh -c '...'"), so both are looked for at every word in
 * it. On doubt too much is hidden.
 */
#include "redact.h"
#include "core/base/text.h"
#include "core/config/credential.h"
#include "redact_int.h"

#define HIDDEN "[redacted]"

/* No more of one word is looked at: a log shows far less. */
#define TEXT_MAX 8192u

struct writer {
    char *out;
    size_t cap; /* the NUL included */
    size_t n;
    bool full;
};

static void put(struct writer *w, const char *p, size_t n)
{
    size_t room = w->cap - 1 - w->n;
    if (n > room) {
        n = a407_utf8_floor(p, room);
        w->full = true;
    }
    memcpy(w->out + w->n, p, n);
    w->n += n;
}

struct hole {
    size_t from, to;
    const char *mark;
};

struct scan {
    struct a407_span text;
    struct a407_span prev; /* the word before text */
    bool url;              /* text is known to be a URL or an authority */
    bool in_url;           /* what is at `at` belongs to a URL */
    uint64_t programs;     /* named in text or before it */
    size_t at;
    size_t word_end; /* of the last word that was asked for */
};

/* Asked at places that only go up: each word is walked once. */
static size_t end_of_word(struct scan *s, size_t i)
{
    if (i >= s->word_end)
        s->word_end = a407_word_end(s->text, i);
    return s->word_end;
}

/* Could [from, to) begin with the host and port of a URL? */
static bool plausible_host(struct a407_span t, size_t from, size_t to)
{
    struct a407_endpoint e;
    size_t end = from;
    while (end < to && !a407_is_blank(t.p[end]) && !a407_is_quote(t.p[end]) &&
           !memchr(",;?#)>|&", t.p[end], 8))
        end++;
    return end == from ||
           a407_endpoint_parse(a407_span(t.p + from, end - from), &e);
}

/* "alice:12/34@h:1": the password begins like a port, and has a "/". Told from
   a path with an "@" by the port at its end. */
static const char *port_behind_at(struct a407_span t, size_t from)
{
    struct a407_endpoint e;
    size_t end = from;
    while (end < t.n && !a407_is_blank(t.p[end]) && !a407_is_quote(t.p[end]))
        end++;
    const char *at = memrchr(t.p + from, '@', end - from);
    if (!at)
        return NULL;
    struct a407_span host = a407_span(at + 1, (size_t)(t.p + end - at - 1));
    const char *slash = memchr(host.p, '/', host.n);
    if (slash)
        host.n = (size_t)(slash - host.p);
    bool port = memchr(host.p, ':', host.n) &&
                memchr(t.p + from, ':', (size_t)(at - t.p) - from);
    return port && a407_endpoint_parse(host, &e) ? at : NULL;
}

/*
 * The "@" that ends the userinfo of the authority at `from`, or SIZE_MAX: the
 * last one before the path, also behind blanks, "?" and "#", which a password
 * may hold; one behind a "/" only if what is before that is no host
 * ("http://user:a/b@host"), or a port follows.
 */
static size_t userinfo_end(struct a407_span t, size_t from)
{
    const char *start = t.p + from;
    size_t left = t.n - from;
    const char *slash = left ? memchr(start, '/', left) : NULL;
    size_t n = slash ? (size_t)(slash - start) : left;
    const char *at = n ? memrchr(start, '@', n) : NULL;
    if (!at && slash && !plausible_host(t, from, from + n))
        at = memrchr(start, '@', left);
    else if (!at && slash)
        at = port_behind_at(t, from);
    return at ? (size_t)(at - t.p) : SIZE_MAX;
}

/* Where the value starts in "--option=value", "NAME=value" or "value". */
static size_t value_start(struct a407_span t, size_t from, size_t to)
{
    bool option = t.p[from] == '-';
    for (size_t i = from; i < to; i++) {
        if (t.p[i] == '=')
            return i + 1;
        if (!option && !a407_is_name_char(t.p[i]))
            break;
    }
    return from;
}

/* "user:password@host" without a scheme, in the word at `from`. */
static bool bare_userinfo(struct scan *s, size_t from, struct hole *h)
{
    struct a407_span t = s->text;
    size_t to = end_of_word(s, from);
    if (!memchr(t.p + from, '@', t.n - from))
        return false;
    const char *scheme = memmem(t.p + from, to - from, "://", 3);
    if (scheme) /* a URL follows: that part is not ours */
        to = (size_t)(scheme - t.p);
    size_t start = value_start(t, from, to), at;
    if (s->url && !scheme) {
        at = userinfo_end(t, start);
    } else {
        const char *p = memrchr(t.p + start, '@', to - start);
        at = p ? (size_t)(p - t.p) : SIZE_MAX;
        if (p && !s->url && !memchr(t.p + start, ':', at - start) &&
            !a407_takes_proxy(a407_word_before(t, s->prev, from)))
            return false;
    }
    if (at == SIZE_MAX)
        return false;
    *h = (struct hole){start, at + 1, HIDDEN "@"};
    return true;
}

/* "host.name[:port]" or "host.name[:port]/path" is before i, from the word's
   start or a "=" on. */
static bool behind_host(struct a407_span t, size_t i)
{
    size_t from = i, end;
    bool dot = false;
    while (from > 0 && !a407_is_blank(t.p[from - 1]) &&
           !a407_is_quote(t.p[from - 1]) && t.p[from - 1] != '=')
        from--;
    for (end = from; end < i && (a407_is_name_char(t.p[end]) ||
                                 (t.p[end] == '.' && end > from));
         end++)
        dot = dot || t.p[end] == '.';
    while (dot && end < i && (t.p[end] == ':' || a407_is_digit(t.p[end])))
        end++;
    return dot && (end == i || t.p[end] == '/');
}

/* "%3F" and "%23", or "%253F" and so on: "?" and "#" that went through more
   than one program. */
static bool is_coded_mark(struct a407_span t, size_t i)
{
    for (i++; a407_begins_at(t, i, "25"); i += 2)
        ;
    return a407_begins_at(t, i, "3F") || a407_begins_at(t, i, "3f") ||
           a407_begins_at(t, i, "23");
}

/* "/path;name=value/path" (RFC 3986 section 3.3): `h` is what is behind the
   ";" where the text is a URL, else all. */
static bool parameter(struct scan *s, size_t i, struct hole *h)
{
    struct a407_span t = s->text;
    size_t to = i + 1;
    while (to < t.n &&
           (s->url ? !memchr("/?#", t.p[to], 3) : a407_is_name_char(t.p[to])))
        to++;
    bool found = s->url || (to > i + 1 && to < t.n && t.p[to] == '=');
    if (found)
        *h = (struct hole){i, s->url ? to : t.n, ";..."};
    return found;
}

/* Where a query, a fragment or a parameter begins. */
static bool query_mark(struct scan *s, size_t i, struct hole *h)
{
    struct a407_span t = s->text;
    char c = t.p[i];
    if (c == ';')
        return (s->in_url || behind_host(t, i)) && parameter(s, i, h);
    bool coded = c == '%' && s->in_url && is_coded_mark(t, i);
    if (c != '?' && c != '#' && !coded)
        return false;
    size_t to = end_of_word(s, i);
    bool mark = s->in_url || behind_host(t, i) ||
                (a407_programs_fetch(s->programs) && !a407_word_starts(t, i)) ||
                (c == '?' && memchr(t.p + i, '=', to - i));
    if (mark)
        *h = (struct hole){i, t.n, c == '#' ? "#..." : "?..."};
    return mark;
}

/* The next hole at or after s->at, which begins before `to`; its `from` is the
   text's end if there is none. */
static struct hole next_hole(struct scan *s, size_t to)
{
    struct a407_span t = s->text;
    struct hole h = {t.n, t.n, ""};
    for (size_t i = s->at; i < to && i < t.n; i++) {
        if (a407_is_blank(t.p[i]) || a407_is_quote(t.p[i])) {
            s->in_url = s->url;
            continue;
        }
        if (i >= s->at && a407_word_starts(t, i) && bare_userinfo(s, i, &h)) {
            s->in_url = true;
            return h;
        }
        size_t token = a407_known_token_end(t, i);
        if (token > i)
            return (struct hole){i, token, HIDDEN};
        if (a407_begins_at(t, i, "://")) {
            s->in_url = true;
            i += 2;
            size_t at = userinfo_end(t, i + 1);
            if (at != SIZE_MAX)
                return (struct hole){i + 1, at + 1, HIDDEN "@"};
        } else if (query_mark(s, i, &h)) {
            return h;
        }
    }
    return h;
}

bool a407_url_redact(struct a407_span s, char *out, size_t cap)
{
    struct writer w = {.out = out, .cap = cap};
    struct scan sc = {.text = s, .url = true, .in_url = true};
    bool removed = false;
    if (cap == 0)
        return false;
    while (sc.at < s.n && !w.full) {
        struct hole h = next_hole(&sc, sc.at + cap - w.n);
        put(&w, s.p + sc.at, h.from - sc.at);
        removed = removed || h.from < s.n;
        if (strcmp(h.mark, HIDDEN) == 0) /* a word of a path: what it was */
            put(&w, h.mark, strlen(h.mark));
        sc.at = h.to;
    }
    out[w.n] = '\0';
    return removed || w.full;
}

static bool has_blank(struct a407_span t, size_t from, size_t to)
{
    while (from < to && !a407_is_blank(t.p[from]))
        from++;
    return from < to;
}

void a407_redact_arg(const char *prev, const char *arg, char *out, size_t cap)
{
    uint64_t programs = 0;
    a407_redact_next(&programs, prev, arg, out, cap);
}

void a407_redact_next(uint64_t *programs, const char *prev, const char *arg,
                      char *out, size_t cap)
{
    struct writer w = {.out = out, .cap = cap};
    struct scan s = {.text = a407_span_str(arg), .prev = a407_span_str(prev)};
    uint64_t before = *programs;
    if (cap == 0)
        return;
    if (s.text.n > TEXT_MAX)
        s.text.n = TEXT_MAX;
    struct a407_span t = s.text;
    for (size_t i = 0; i < t.n; i++)
        a407_programs_note(programs, t, i);
    s.programs = *programs;
    size_t cut = a407_secret_start(t, s.prev, before, 0, cap);
    while (s.at < t.n && !w.full) {
        size_t to = s.at + cap - w.n; /* what is shown ends before that */
        struct hole h = next_hole(&s, to);
        size_t stop = cut < h.from ? cut : h.from;
        put(&w, t.p + s.at, stop - s.at);
        if (stop == t.n || w.full)
            break;
        if (cut <= h.from) {
            put(&w, HIDDEN, sizeof HIDDEN - 1);
            break;
        }
        put(&w, h.mark, strlen(h.mark));
        s.at = h.to;
        /* what was taken for userinfo may end inside the secret */
        if (cut < h.to && has_blank(t, h.from, h.to))
            break;
        cut = a407_secret_start(t, s.prev, before, s.at, s.at + cap - w.n);
    }
    out[w.n] = '\0';
}
