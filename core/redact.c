/* SPDX-License-Identifier: MIT */
/*
 * What must not reach a log. Two things are hidden: the parts of URLs that
 * carry secrets, and words that look like a token ("holes": userinfo, query,
 * fragment, "ghp_..."), and everything from a point on where a secret begins (a
 * "cut": after --password, "token=", "Authorization:"). A word may itself be a
 * whole command line ("sh -c '...'"), so both are looked for at every word in
 * it. On doubt too much is hidden.
 */
#include "buf.h"
#include "credential.h"
#include "event.h"
#include "redact_words.h"

#define HIDDEN "[redacted]"

/*
 * No more of one word is looked at, since a log shows far less, and looking is
 * quadratic in the worst case.
 */
#define TEXT_MAX 16384u

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
        n = room;
        /* don't leave half a UTF-8 sequence behind */
        while (n && ((unsigned char)p[n] & 0xc0) == 0x80)
            n--;
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
    size_t at;
};

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

/*
 * The "@" that ends the userinfo of the authority that starts at `from`, or
 * SIZE_MAX. The last "@" before the path counts, blanks, "?" and "#" included,
 * since a password may hold them unencoded; one after a "/" counts only when
 * what is before that "/" is no host ("http://user:a/b@host").
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
static bool bare_userinfo(const struct scan *s, size_t from, struct hole *h)
{
    struct a407_span t = s->text;
    size_t to = a407_word_end(t, from);
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

static bool query_mark(struct scan *s, size_t i, struct hole *h)
{
    struct a407_span t = s->text;
    size_t to = a407_word_end(t, i);
    bool query = t.p[i] == '?' && (s->in_url || memchr(t.p + i, '=', to - i));
    if (!query && !(t.p[i] == '#' && s->in_url))
        return false;
    *h = (struct hole){i, t.n, query ? "?..." : "#..."};
    return true;
}

/* The next hole at or after s->at; its `from` is the text's end if none. */
static struct hole next_hole(struct scan *s)
{
    struct a407_span t = s->text;
    struct hole h = {t.n, t.n, ""};
    for (size_t i = s->at; i < t.n; i++) {
        if (a407_is_blank(t.p[i]) || a407_is_quote(t.p[i])) {
            s->in_url = s->url;
            continue;
        }
        if (i >= s->at && a407_word_starts(t, i) && bare_userinfo(s, i, &h)) {
            s->in_url = true;
            return h;
        }
        size_t token = a407_token_end(t, i);
        if (token > i)
            return (struct hole){i, token, HIDDEN};
        if (t.n - i >= 3 && memcmp(t.p + i, "://", 3) == 0) {
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
    while (sc.at < s.n) {
        struct hole h = next_hole(&sc);
        if (!w.full)
            put(&w, s.p + sc.at, h.from - sc.at);
        removed = removed || h.from < s.n;
        if (strcmp(h.mark, HIDDEN) == 0) /* a word of a path: what it was */
            put(&w, h.mark, strlen(h.mark));
        sc.at = h.to;
    }
    out[w.n] = '\0';
    return removed;
}

static bool has_blank(struct a407_span t, size_t from, size_t to)
{
    while (from < to && !a407_is_blank(t.p[from]))
        from++;
    return from < to;
}

void a407_redact_arg(const char *prev, const char *arg, char *out, size_t cap)
{
    unsigned programs = 0;
    a407_redact_next(&programs, prev, arg, out, cap);
}

void a407_redact_next(unsigned *programs, const char *prev, const char *arg,
                      char *out, size_t cap)
{
    struct writer w = {.out = out, .cap = cap};
    struct scan s = {.text = a407_span_str(arg), .prev = a407_span_str(prev)};
    if (cap == 0)
        return;
    if (s.text.n > TEXT_MAX)
        s.text.n = TEXT_MAX;
    struct a407_span t = s.text;
    size_t cut = a407_secret_start(t, s.prev, *programs, 0);
    while (s.at < t.n && !w.full) {
        struct hole h = next_hole(&s);
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
        if (cut < h.to) {
            /* what was taken for userinfo may end inside the secret */
            if (has_blank(t, h.from, h.to))
                break;
            cut = a407_secret_start(t, s.prev, *programs, s.at);
        }
    }
    out[w.n] = '\0';
    for (size_t i = 0; i < t.n; i++)
        if (a407_word_starts(t, i))
            *programs |=
                a407_programs_of(a407_span(t.p + i, a407_word_end(t, i) - i));
}
