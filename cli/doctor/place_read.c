/* SPDX-License-Identifier: MIT */
#include "place_read.h"

#include <stdlib.h>

#include "core/base/text.h"

#define DEPTH_MAX 16

/* What the formats of one setting a line differ in. */
static const struct syntax {
    const char *comment; /* where a line begins with it */
    const char *assign;  /* between key and value; "": a blank */
    const char *behind;  /* begins a comment behind a value, after a blank */
    bool quoted;         /* a value in quotes is what is in them */
    const char *escapes; /* those that "\" makes itself; "": all; NULL: none */
} lines[] = {
    [A407_PLACE_GIT] = {"#;", "=", "#;", true, ""},
    [A407_PLACE_INI] = {"#;", "=:", "", false, NULL},
    [A407_PLACE_NPMRC] = {"#;", "=", "", true, "\\;#"},
    [A407_PLACE_CURLRC] = {"#", "=:", "", true, NULL},
    [A407_PLACE_UNIT] = {"#;", "=", "", false, NULL},
    [A407_PLACE_NAMES] = {"#;", "=", "", true, NULL},
    [A407_PLACE_PROPERTIES] = {"#!", "=:", "", false, ""},
    [A407_PLACE_YAML] = {"#", ":", "#", true, NULL},
    [A407_PLACE_TOML] = {"#", "=", "#", true, NULL},
    [A407_PLACE_YARNRC] = {"#", "", "", true, NULL},
};

struct reader {
    enum a407_place_format format;
    a407_place_fn *fn;
    void *ctx;
    struct a407_span s; /* what is left, of the text or of a line */
    unsigned line;
    struct a407_buf key; /* the names of all that it stands in */
    struct {
        size_t key;    /* how long it was */
        size_t indent; /* blanks before the name */
    } outside[DEPTH_MAX];
    unsigned depth;
    struct a407_buf value;
    bool percent;
};

/* ---- for all ---- */

static char take(struct reader *r)
{
    char c = a407_span_take(&r->s);

    r->line += c == '\n';
    return c;
}

/* Too deep: then nothing below has the name of anything. */
static void enter(struct reader *r, struct a407_span name, size_t indent)
{
    if (r->depth < DEPTH_MAX) {
        r->outside[r->depth].key = r->key.n;
        r->outside[r->depth].indent = indent;
    }
    r->depth++;
    a407_buf_str(&r->key, !r->key.n                     ? ""
                          : r->format == A407_PLACE_APT ? "::"
                                                        : ".");
    a407_buf_span(&r->key, name);
}

static void leave(struct reader *r)
{
    if (r->depth && --r->depth < DEPTH_MAX)
        r->key.n = r->outside[r->depth].key;
}

static void tell_as(struct reader *r, struct a407_span key,
                    struct a407_span value)
{
    struct a407_place_line l = {key, value, r->line, r->percent};

    if (!value.p)
        l.value = a407_span_str("");
    if (r->depth <= DEPTH_MAX && !r->key.failed)
        r->fn(r->ctx, &l);
}

static void tell(struct reader *r)
{
    tell_as(r, a407_span(r->key.p, r->key.n),
            a407_span(r->value.p, r->value.n));
}

/* ---- lines ---- */

/* Takes [a "b"] off the front, which is "a.b". */
static void take_section(struct reader *r)
{
    bool quoted = false;
    char c;

    r->depth = 0;
    a407_buf_clear(&r->key);
    take(r);
    while ((c = take(r)) && (quoted || c != ']')) {
        quoted = quoted != (c == '"');
        if (!quoted && a407_is_ows(c))
            c = '.';
        if (c != '"')
            a407_buf_add(&r->key, &c, 1);
    }
    r->s = a407_span_trim(r->s);
}

static bool ends_in_blank(const struct a407_buf *b)
{
    return b->n && a407_is_ows(b->p[b->n - 1]);
}

/* Behind a "$", {NAME} is the variable's value. */
static bool take_variable(struct reader *r)
{
    const char *end = a407_span_find(r->s, '}'), *value;
    char name[64];

    if (!end || *r->s.p != '{')
        return false;
    a407_put(name, sizeof name, a407_span_before(a407_span_skip(r->s, 1), end));
    value = getenv(name);
    a407_buf_str(&r->value, value ? value : "");
    r->s = a407_span_from(r->s, end + 1);
    return true;
}

/* What it is set to, as the program understands it. */
static void take_value(struct reader *r, const struct syntax *is)
{
    char quote = '\0', c;

    a407_buf_clear(&r->value);
    if (is->quoted && r->s.n && strchr("\"'", *r->s.p))
        quote = take(r);
    while ((c = take(r)) && (!quote || c != quote)) {
        const char *these = is->escapes    ? is->escapes
                            : quote == '"' ? ""
                                           : NULL;

        if (!quote && ends_in_blank(&r->value) && strchr(is->behind, c))
            break;
        if (c == '$' && r->format == A407_PLACE_NPMRC && take_variable(r))
            continue;
        if (c == '\\' && these && r->s.n && (!*these || strchr(these, *r->s.p)))
            c = take(r);
        a407_buf_add(&r->value, &c, 1);
    }
    while (!quote && ends_in_blank(&r->value))
        r->value.n--;
}

/* Words, in quotes or not, each behind `before` a NAME=VALUE. */
static void take_words(struct reader *r, const char *before)
{
    bool unit = r->format == A407_PLACE_UNIT;

    while (r->s = a407_span_trim(r->s), r->s.n) {
        struct a407_span word, name;
        char quote = '\0', c;

        a407_buf_clear(&r->value);
        r->percent = false;
        while ((c = take(r)) && (quote || !a407_is_ows(c))) {
            if (quote ? c == quote : c == '"' || c == '\'') {
                quote = quote ? '\0' : c;
                continue;
            }
            if (unit && c == '%' && a407_span_peek(&r->s) != '%')
                r->percent = true;
            else if (unit && (c == '%' || c == '\\') && r->s.n)
                c = take(r);
            a407_buf_add(&r->value, &c, 1);
        }
        word = a407_span(r->value.p, r->value.n);
        if (a407_span_find(word, '=') && a407_span_begins(word, before)) {
            word = a407_span_skip(word, strlen(before));
            a407_span_cut(&word, '=', &name);
            tell_as(r, name, word);
        }
    }
    r->percent = false;
}

static struct a407_span unquoted(struct a407_span s)
{
    return s.n > 1 && strchr("\"'", *s.p) && s.p[s.n - 1] == *s.p
               ? a407_span(s.p + 1, s.n - 2)
               : s;
}

/* Takes the key and what is between it and the value. */
static struct a407_span take_key(struct reader *r, const struct syntax *is)
{
    struct a407_span key = r->s;

    if (r->format == A407_PLACE_NAMES && a407_span_begins(key, "export "))
        key = r->s = a407_span_trim(a407_span_skip(key, 7));
    while (r->s.n && !strchr(is->assign, *r->s.p) &&
           (!a407_is_ows(*r->s.p) || r->format == A407_PLACE_YAML))
        take(r);
    key.n -= r->s.n;
    r->s = a407_span_trim(r->s);
    if (r->s.n && strchr(is->assign, *r->s.p))
        r->s = a407_span_trim(a407_span_skip(r->s, 1));
    while (r->format == A407_PLACE_CURLRC && key.n && *key.p == '-')
        a407_span_take(&key);
    return unquoted(a407_span_trim(key));
}

static void take_line(struct reader *r)
{
    const struct syntax *is = &lines[r->format];
    size_t indent = strspn(r->s.n ? r->s.p : "", " ");
    bool nested = r->format == A407_PLACE_YAML;
    struct a407_span key;

    r->s = a407_span_trim(r->s);
    while (r->s.n && *r->s.p == '[')
        take_section(r);
    if (!r->s.n || strchr(is->comment, *r->s.p))
        return;
    key = take_key(r, is);
    while (nested && r->depth &&
           (r->depth > DEPTH_MAX || r->outside[r->depth - 1].indent >= indent))
        leave(r);
    if (r->format == A407_PLACE_UNIT && a407_span_ends(key, "Environment")) {
        take_words(r, "");
        return;
    }
    enter(r, key, indent);
    if (nested && (!r->s.n || *r->s.p == '#'))
        return;
    take_value(r, is);
    tell(r);
    leave(r);
}

static void read_lines(struct reader *r, struct a407_span text)
{
    struct a407_buf whole;
    struct a407_span line;
    unsigned n = 0;

    a407_buf_init(&whole, text.n + 1);
    while (a407_span_line(&text, &line)) {
        bool more = r->format == A407_PLACE_UNIT && a407_span_ends(line, "\\");

        n++;
        if (!whole.n)
            r->line = n;
        line.n -= more;
        a407_buf_span(&whole, line);
        a407_buf_add(&whole, more ? " " : "", 1);
        if (more)
            continue;
        r->s = a407_span(whole.p, whole.n - 1);
        take_line(r);
        a407_buf_clear(&whole);
    }
    a407_buf_free(&whole);
}

/* ---- JSON, and apt's files ---- */

static bool at(const struct reader *r, const char *text)
{
    return a407_span_begins(r->s, text);
}

/* Up to the text, and past it. */
static void skip_to(struct reader *r, const char *text)
{
    while (r->s.n && !at(r, text))
        take(r);
    r->s = a407_span_skip(r->s, at(r, text) ? strlen(text) : 0);
}

/* "\u0026" as Go writes an "&"; of others only what is ASCII. */
static char escaped(struct reader *r)
{
    char c = take(r);
    int high, low;

    if (c != 'u' || r->s.n < 4)
        return c == 'n' ? '\n' : c == 't' ? '\t' : c;
    high = a407_hex_value(r->s.p[2]);
    low = a407_hex_value(r->s.p[3]);
    r->s = a407_span_skip(r->s, 4);
    return high < 0 || low < 0 ? '?' : (char)(high << 4 | low);
}

static bool is_word(bool json, char c)
{
    return !a407_is_lws(c) && !strchr(json ? "{}[]\",:" : "{}\";", c);
}

/* The next string or word, into r->value. False: another character. */
static bool take_word(struct reader *r, bool json)
{
    char c = a407_span_peek(&r->s);

    if (!c || (c != '"' && !is_word(json, c)))
        return false;
    a407_buf_clear(&r->value);
    if (c != '"') {
        for (; (c = a407_span_peek(&r->s)) && is_word(json, c); take(r))
            a407_buf_add(&r->value, &c, 1);
        return true;
    }
    for (take(r); r->s.n && *r->s.p != '"';) {
        c = take(r);
        if (json && c == '\\')
            c = escaped(r);
        a407_buf_add(&r->value, &c, 1);
    }
    take(r);
    return true;
}

static bool skip_comment(struct reader *r)
{
    bool whole = at(r, "/*");

    if (!whole && !at(r, "//") && !at(r, "#"))
        return false;
    skip_to(r, whole ? "*/" : "\n");
    r->line += !whole;
    return true;
}

static void read_braces(struct reader *r, bool json)
{
    bool named = false; /* the innermost name has no value yet */

    while (r->s.n) {
        if (!json && skip_comment(r))
            continue;
        if (take_word(r, json)) {
            if (named)
                tell(r);
            else
                enter(r, a407_span(r->value.p, r->value.n), 0);
            named = true;
            continue;
        }
        switch (take(r)) {
        case '{':
            if (!named && r->depth) /* in a list */
                enter(r, a407_span_str("-"), 0);
            named = false;
            break;
        case '}': /* behind a last value no comma stands */
            if (named && json)
                leave(r);
            leave(r);
            named = false;
            break;
        case ',':
        case ';':
            if (named)
                leave(r);
            named = false;
            break;
        }
    }
}

/* ---- XML ---- */

static void take_text(struct reader *r)
{
    /* each what it is, and its name */
    static const char *const entities[] = {"&amp;", "<lt;", ">gt;", "\"quot;",
                                           "'apos;"};
    char c = take(r);
    size_t i;

    for (i = 0; c == '&' && i < sizeof entities / sizeof *entities; i++)
        if (at(r, entities[i] + 1)) {
            r->s = a407_span_skip(r->s, strlen(entities[i] + 1));
            c = *entities[i];
            break;
        }
    a407_buf_add(&r->value, &c, 1);
}

static bool is_name(char c)
{
    return a407_is_alnum(c) || strchr("-._:", c);
}

/* A start tag, an end tag, or what is passed over. */
static void take_tag(struct reader *r, unsigned *proxies)
{
    struct a407_span name, text = a407_span(r->value.p, r->value.n);
    bool end;

    if (at(r, "<!--")) {
        skip_to(r, "-->");
        return;
    }
    take(r);
    end = at(r, "/");
    if (end)
        take(r);
    name = a407_span_run(&r->s, is_name);
    if (end) {
        text = a407_span_strip(text, a407_is_lws);
        if (text.n)
            tell_as(r, a407_span(r->key.p, r->key.n), text);
        leave(r);
    } else if (name.n) {
        const char *close = a407_span_find(r->s, '>');

        if (close && (close == r->s.p || close[-1] != '/')) {
            enter(r, name, 0);
            if (a407_span_eq(name, "proxy"))
                a407_buf_fmt(&r->key, ".%u", ++*proxies);
        }
    }
    a407_buf_clear(&r->value);
    skip_to(r, ">");
}

static void read_xml(struct reader *r)
{
    unsigned proxies = 0;

    while (r->s.n)
        if (*r->s.p == '<')
            take_tag(r, &proxies);
        else
            take_text(r);
}

void a407_place_read(enum a407_place_format format, const char *name,
                     struct a407_span text, a407_place_fn *fn, void *ctx)
{
    struct reader r = {.format = format, .fn = fn, .ctx = ctx, .s = text};

    if (a407_span_begins(text, "\xef\xbb\xbf"))
        text = r.s = a407_span_skip(text, 3);
    a407_buf_init(&r.key, 4096);
    a407_buf_init(&r.value, text.n + 4096);
    if (format < A407_PLACE_APT) {
        read_lines(&r, text);
    } else if (format == A407_PLACE_OPTIONS) {
        take_words(&r, "-D");
    } else if (format == A407_PLACE_VARIABLE) {
        tell_as(&r, a407_span_str(name), text);
    } else {
        r.line = 1;
        if (format == A407_PLACE_XML)
            read_xml(&r);
        else
            read_braces(&r, format == A407_PLACE_JSON);
    }
    a407_buf_free(&r.key);
    a407_buf_free(&r.value);
}
