/* SPDX-License-Identifier: MIT */
#include "place_read.h"

#include <stdlib.h>

#include "core/base/text.h"
#include "place_int.h"

/* What the formats of one setting a line differ in. */
static const struct syntax {
    const char *comment; /* where a line begins with it */
    const char *assign;  /* between key and value; "": a blank */
    const char *behind;  /* begins a comment behind a value, after a blank */
    bool quoted;         /* a value in quotes is what is in them */
    bool escapes;        /* "\x" is x */
    bool nested;         /* by indentation */
} lines[] = {
    [A407_PLACE_GIT] = {"#;", "=", "#;", true, true, false},
    [A407_PLACE_INI] = {"#;", "=:", "", false, false, false},
    [A407_PLACE_NPMRC] = {"#;", "=", "", true, true, false},
    [A407_PLACE_CURLRC] = {"#", "=:", "", true, false, false},
    [A407_PLACE_UNIT] = {"#;", "=", "", false, false, false},
    [A407_PLACE_NAMES] = {"#", "=", "", true, false, false},
    [A407_PLACE_PROPERTIES] = {"#!", "=:", "", false, true, false},
    [A407_PLACE_YAML] = {"#", ":", "#", true, false, true},
    [A407_PLACE_TOML] = {"#", "=", "#", true, false, false},
    [A407_PLACE_YARNRC] = {"#", "", "", true, false, false},
};

/* Of a file that is read line by line. */
struct reader {
    enum a407_place_format format;
    const struct syntax *is;
    a407_place_fn *fn;
    void *ctx;
    unsigned line;
    struct a407_buf key;     /* the section and, nested, those above */
    size_t indent[8], at[8]; /* nested: blanks before each, and its end in key
                              */
    unsigned depth;
    struct a407_buf value;
};

/* [a "b"] is "a.b."; returns what is behind it. */
static struct a407_span take_section(struct reader *r, struct a407_span s)
{
    bool quoted = false;

    a407_buf_clear(&r->key);
    for (a407_span_take(&s); s.n && (quoted || *s.p != ']');
         a407_span_take(&s)) {
        quoted = quoted != (*s.p == '"');
        if (!quoted && a407_is_ows(*s.p))
            a407_buf_add(&r->key, ".", 1);
        else if (*s.p != '"')
            a407_buf_add(&r->key, s.p, 1);
    }
    a407_buf_add(&r->key, ".", 1);
    a407_span_take(&s);
    return a407_span_trim(s);
}

/* What it is set to, as the program understands it. */
static void take_value(struct reader *r, struct a407_span s)
{
    char quote = '\0';

    a407_buf_clear(&r->value);
    if (r->is->quoted && s.n && strchr("\"'", *s.p))
        quote = a407_span_take(&s);
    for (; s.n && (!quote || *s.p != quote); a407_span_take(&s)) {
        bool blank = r->value.n && a407_is_ows(r->value.p[r->value.n - 1]);

        if (!quote && blank && strchr(r->is->behind, *s.p))
            break;
        if ((r->is->escapes || quote == '"') && *s.p == '\\' && s.n > 1 &&
            (r->format != A407_PLACE_NPMRC || strchr("\\;#", s.p[1])))
            a407_span_take(&s);
        a407_buf_add(&r->value, s.p, 1);
    }
    while (!quote && r->value.n && a407_is_ows(r->value.p[r->value.n - 1]))
        r->value.n--;
}

static void tell(struct reader *r, struct a407_span key)
{
    size_t n = r->key.n;

    a407_buf_span(&r->key, key);
    r->fn(r->ctx, a407_span(r->key.p, r->key.n),
          a407_span(r->value.n ? r->value.p : "", r->value.n), r->line);
    a407_buf_undo(&r->key, n);
}

/* ${NAME} is the variable's value. */
static void expand(struct a407_buf *b)
{
    struct a407_span s = a407_span(b->p, b->n);
    char *from = s.n ? memmem(s.p, s.n, "${", 2) : NULL;
    char *end = from ? memchr(from, '}', (size_t)(s.p + s.n - from)) : NULL;
    const char *value;
    struct a407_buf out;

    if (!end)
        return;
    *end = '\0';
    value = getenv(from + 2);
    a407_buf_init(&out, b->max);
    a407_buf_span(&out, a407_span_before(s, from));
    a407_buf_str(&out, value ? value : "");
    a407_buf_span(&out, a407_span_from(s, end + 1));
    a407_buf_free(b);
    *b = out;
}

static bool is_proxys(struct a407_span word)
{
    struct a407_span name;

    return a407_span_cut(&word, '=', &name) && name.n > 6 &&
           a407_span_ieq(a407_span_skip(name, name.n - 6), "_proxy");
}

/* Environment= holds words, in quotes or not, each a NAME=VALUE. */
static void take_words(struct reader *r, struct a407_span s)
{
    struct a407_buf word;

    a407_buf_init(&word, s.n + 1);
    while (s = a407_span_trim(s), s.n) {
        bool lone = false;
        char quote = strchr("\"'", *s.p) ? a407_span_take(&s) : '\0';

        a407_buf_clear(&word);
        while (s.n && (quote ? *s.p != quote : !a407_is_ows(*s.p))) {
            char c = a407_span_take(&s);

            lone = lone || (c == '%' && a407_span_peek(&s) != '%');
            if ((c == '%' && a407_span_peek(&s) == '%') ||
                (c == '\\' && quote && s.n))
                c = a407_span_take(&s);
            a407_buf_add(&word, &c, 1);
        }
        if (quote)
            a407_span_take(&s);
        a407_place_name_value(a407_span(word.p, word.n), r->line, r->fn,
                              r->ctx);
        if (lone && is_proxys(a407_span(word.p, word.n)))
            r->fn(r->ctx, a407_span_str("%"), a407_span_str(""), r->line);
    }
    a407_buf_free(&word);
}

void a407_place_name_value(struct a407_span s, unsigned line, a407_place_fn *fn,
                           void *ctx)
{
    const char *is = a407_span_find(s, '=');

    if (is)
        fn(ctx, a407_span_before(s, is), a407_span_from(s, is + 1), line);
}

/* Leaves the sections that end before a line with that indentation. */
static void nest(struct reader *r, size_t indent)
{
    while (r->depth && r->indent[r->depth - 1] >= indent)
        r->depth--;
    r->key.n = r->depth ? r->at[r->depth - 1] : 0;
}

static void enter(struct reader *r, struct a407_span key, size_t indent)
{
    if (r->depth == sizeof r->at / sizeof *r->at)
        return;
    a407_buf_span(&r->key, key);
    a407_buf_add(&r->key, ".", 1);
    r->indent[r->depth] = indent;
    r->at[r->depth++] = r->key.n;
}

static bool is_assign(const struct syntax *is, char c)
{
    return c && strchr(is->assign, c);
}

static struct a407_span unquoted(struct a407_span s)
{
    return s.n > 1 && strchr("\"'", *s.p) && s.p[s.n - 1] == *s.p
               ? a407_span(s.p + 1, s.n - 2)
               : s;
}

static void take_line(struct reader *r, struct a407_span line)
{
    size_t indent = strspn(line.n ? line.p : "", " ");
    struct a407_span key = a407_span_trim(line), rest;
    const char *end;

    while (key.n && *key.p == '[')
        key = take_section(r, key);
    if (!key.n || strchr(r->is->comment, *key.p))
        return;
    if (r->format == A407_PLACE_NAMES && a407_span_begins(key, "export "))
        key = a407_span_trim(a407_span_skip(key, 7));
    for (end = key.p; end < key.p + key.n && !is_assign(r->is, *end) &&
                      !(a407_is_ows(*end) && r->format != A407_PLACE_YAML);
         end++)
        continue;
    rest = a407_span_trim(a407_span_from(key, end));
    key = a407_span_before(key, end);
    if (rest.n && is_assign(r->is, *rest.p))
        rest = a407_span_trim(a407_span_skip(rest, 1));
    while (r->format == A407_PLACE_CURLRC && key.n && *key.p == '-')
        a407_span_take(&key);
    if (r->is->nested)
        nest(r, indent);
    key = unquoted(a407_span_trim(key));
    if (r->is->nested && (!rest.n || *rest.p == '#')) {
        enter(r, key, indent);
        return;
    }
    if (r->format == A407_PLACE_UNIT) {
        if (a407_span_ends(key, "Environment"))
            take_words(r, rest);
        return;
    }
    take_value(r, rest);
    if (r->format == A407_PLACE_NPMRC)
        expand(&r->value);
    tell(r, key);
}

static void read_lines(struct reader *r, struct a407_span text)
{
    struct a407_buf whole;
    struct a407_span line;
    unsigned n = 0;

    a407_buf_init(&whole, text.n + 1);
    while (a407_span_line(&text, &line)) {
        bool more = r->format == A407_PLACE_UNIT && line.n &&
                    line.p[line.n - 1] == '\\';

        n++;
        if (!whole.n)
            r->line = n;
        line.n -= more;
        a407_buf_span(&whole, line);
        a407_buf_add(&whole, more ? " " : "", 1);
        if (more)
            continue;
        take_line(r, a407_span(whole.p, whole.n - 1));
        a407_buf_clear(&whole);
    }
    a407_buf_free(&whole);
}

/* -Dkey=value among other options. */
static void read_options(struct a407_span s, a407_place_fn *fn, void *ctx)
{
    struct a407_span word;

    while (a407_span_cut(&s, ' ', &word)) {
        word = unquoted(word);
        if (a407_span_begins(word, "-D"))
            a407_place_name_value(a407_span_skip(word, 2), 0, fn, ctx);
    }
}

void a407_place_read(enum a407_place_format format, const char *name,
                     struct a407_span text, a407_place_fn *fn, void *ctx)
{
    struct reader r = {.format = format, .fn = fn, .ctx = ctx};

    if (a407_span_begins(text, "\xef\xbb\xbf"))
        text = a407_span_skip(text, 3);
    switch (format) {
    case A407_PLACE_VARIABLE:
        fn(ctx, a407_span_str(name), text, 0);
        return;
    case A407_PLACE_OPTIONS:
        read_options(text, fn, ctx);
        return;
    case A407_PLACE_APT:
    case A407_PLACE_JSON:
        a407_place_read_braces(format == A407_PLACE_JSON, text, fn, ctx);
        return;
    case A407_PLACE_XML:
        a407_place_read_xml(text, fn, ctx);
        return;
    default:
        break;
    }
    r.is = &lines[format];
    a407_buf_init(&r.key, 1024);
    a407_buf_init(&r.value, text.n + 4096);
    read_lines(&r, text);
    a407_buf_free(&r.key);
    a407_buf_free(&r.value);
}
