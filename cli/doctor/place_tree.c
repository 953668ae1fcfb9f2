/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/text.h"
#include "place_int.h"

#define DEPTH_MAX 16

/* A setting within others. */
struct tree {
    a407_place_fn *fn;
    void *ctx;
    struct a407_span s; /* what is left */
    unsigned line;
    struct a407_buf key;  /* the names of all that it stands in */
    size_t at[DEPTH_MAX]; /* where each of them begins */
    unsigned depth;
    struct a407_buf value;
};

static void tree_init(struct tree *t, struct a407_span s, a407_place_fn *fn,
                      void *ctx)
{
    *t = (struct tree){.fn = fn, .ctx = ctx, .s = s, .line = 1};
    a407_buf_init(&t->key, 4096);
    a407_buf_init(&t->value, s.n + 1);
}

static void tree_free(struct tree *t)
{
    a407_buf_free(&t->key);
    a407_buf_free(&t->value);
}

static char take(struct tree *t)
{
    char c = a407_span_take(&t->s);

    t->line += c == '\n';
    return c;
}

static bool at(const struct tree *t, const char *text)
{
    return a407_span_begins(t->s, text);
}

/* Up to the text, and past it. */
static void skip_to(struct tree *t, const char *text)
{
    while (t->s.n && !at(t, text))
        take(t);
    t->s = a407_span_skip(t->s, at(t, text) ? strlen(text) : 0);
}

/* False: too deep; then nothing below has the name of anything. */
static void enter(struct tree *t, const char *between, struct a407_span name)
{
    if (t->depth < DEPTH_MAX)
        t->at[t->depth] = t->key.n;
    t->depth++;
    a407_buf_str(&t->key, t->key.n ? between : "");
    a407_buf_span(&t->key, name);
}

static void leave(struct tree *t)
{
    if (!t->depth)
        return;
    if (--t->depth < DEPTH_MAX)
        t->key.n = t->at[t->depth];
}

static void tell(struct tree *t)
{
    if (t->depth <= DEPTH_MAX && !t->key.failed)
        t->fn(t->ctx, a407_span(t->key.p, t->key.n),
              a407_span(t->value.n ? t->value.p : "", t->value.n), t->line);
}

/* ---- braces ---- */

/* "\u0026" as Go writes an "&"; of others only what is ASCII. */
static char escaped(struct tree *t)
{
    char c = take(t);

    if (c != 'u' || t->s.n < 4)
        return c == 'n' ? '\n' : c == 't' ? '\t' : c;
    c = (char)(a407_hex_value(t->s.p[2]) << 4 | a407_hex_value(t->s.p[3]));
    t->s = a407_span_skip(t->s, 4);
    return c;
}

static bool is_word(bool json, char c)
{
    return !a407_is_lws(c) && !strchr(json ? "{}[]\",:" : "{}\";", c);
}

/* The next string or word, into t->value. False: another character. */
static bool take_word(struct tree *t, bool json)
{
    char c = a407_span_peek(&t->s);

    if (!c || (c != '"' && !is_word(json, c)))
        return false;
    a407_buf_clear(&t->value);
    if (c != '"') {
        for (; (c = a407_span_peek(&t->s)) && is_word(json, c); take(t))
            a407_buf_add(&t->value, &c, 1);
        return true;
    }
    for (take(t); t->s.n && *t->s.p != '"';) {
        c = take(t);
        if (json && c == '\\')
            c = escaped(t);
        a407_buf_add(&t->value, &c, 1);
    }
    take(t);
    return true;
}

static bool skip_comment(struct tree *t)
{
    bool whole = at(t, "/*");

    if (!whole && !at(t, "//") && !at(t, "#"))
        return false;
    skip_to(t, whole ? "*/" : "\n");
    t->line += !whole;
    return true;
}

void a407_place_read_braces(bool json, struct a407_span text, a407_place_fn *fn,
                            void *ctx)
{
    const char *between = json ? "." : "::";
    bool named = false; /* the innermost name has no value yet */
    struct tree t;

    tree_init(&t, text, fn, ctx);
    while (t.s.n) {
        if (!json && skip_comment(&t))
            continue;
        if (take_word(&t, json)) {
            if (named)
                tell(&t);
            else
                enter(&t, between, a407_span(t.value.p, t.value.n));
            named = true;
            continue;
        }
        switch (take(&t)) {
        case '{':
            if (!named && t.depth) /* in a list */
                enter(&t, between, a407_span_str("-"));
            named = false;
            break;
        case '}': /* behind a last value no comma stands */
            if (named && json)
                leave(&t);
            leave(&t);
            named = false;
            break;
        case ',':
        case ';':
            if (named)
                leave(&t);
            named = false;
            break;
        }
    }
    tree_free(&t);
}

/* ---- XML ---- */

static const struct {
    const char *name;
    char is;
} entities[] = {{"&amp;", '&'},
                {"&lt;", '<'},
                {"&gt;", '>'},
                {"&quot;", '"'},
                {"&apos;", '\''}};

static void take_text(struct tree *t)
{
    size_t i;
    char c;

    for (i = 0; i < sizeof entities / sizeof *entities; i++)
        if (at(t, entities[i].name))
            break;
    if (i < sizeof entities / sizeof *entities) {
        c = entities[i].is;
        t->s = a407_span_skip(t->s, strlen(entities[i].name));
    } else {
        c = take(t);
    }
    a407_buf_add(&t->value, &c, 1);
}

static bool is_name(char c)
{
    return a407_is_alnum(c) || strchr("-._:", c);
}

/* A start tag, an end tag, or what is passed over. */
static void take_tag(struct tree *t, unsigned *proxies)
{
    struct a407_span name;
    bool end;

    if (at(t, "<!--")) {
        skip_to(t, "-->");
        return;
    }
    take(t);
    end = a407_span_peek(&t->s) == '/';
    if (end)
        take(t);
    name = a407_span_run(&t->s, is_name);
    if (end) {
        struct a407_span value =
            a407_span_strip(a407_span(t->value.p, t->value.n), a407_is_lws);

        if (value.n && t->depth <= DEPTH_MAX && !t->key.failed)
            t->fn(t->ctx, a407_span(t->key.p, t->key.n), value, t->line);
        leave(t);
    } else if (name.n) {
        struct a407_span tag = t->s;
        const char *close = a407_span_find(tag, '>');

        if (close && (close == tag.p || close[-1] != '/')) {
            enter(t, ".", name);
            if (a407_span_eq(name, "proxy"))
                a407_buf_fmt(&t->key, ".%u", ++*proxies);
        }
    }
    a407_buf_clear(&t->value);
    skip_to(t, ">");
}

void a407_place_read_xml(struct a407_span text, a407_place_fn *fn, void *ctx)
{
    unsigned proxies = 0;
    struct tree t;

    tree_init(&t, text, fn, ctx);
    while (t.s.n)
        if (*t.s.p == '<')
            take_tag(&t, &proxies);
        else
            take_text(&t);
    tree_free(&t);
}
