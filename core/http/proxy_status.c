/* SPDX-License-Identifier: MIT */
#include "proxy_status.h"

#include "core/base/text_put.h"
#include "lex.h"

/* A bare item (RFC 8941 section 3.3) as text, cut to what there is room for. */
struct item {
    enum { ITEM_TEXT, ITEM_NUMBER, ITEM_OTHER } kind;
    char text[256];
    size_t n;
};

/* The next byte of what is left; NUL, which no field value holds, at the end.
 */
static char peek(const struct a407_span *left)
{
    return left->n ? *left->p : '\0';
}

static char take(struct a407_span *left)
{
    char c = peek(left);
    if (left->n)
        *left = a407_span(left->p + 1, left->n - 1);
    return c;
}

static void skip(struct a407_span *left, const char *chars)
{
    while (peek(left) && strchr(chars, peek(left)))
        take(left);
}

static void add(struct item *it, char c)
{
    if (it->n < sizeof it->text - 1)
        it->text[it->n++] = c;
}

/* Behind the opening quote: past the closing one. */
static bool string(struct a407_span *left, struct item *it)
{
    for (char c; (c = take(left)) != '"'; add(it, c)) {
        if (c == '\\')
            c = take(left);
        if (!c)
            return false;
    }
    return true;
}

static bool bare_item(struct a407_span *left, struct item *it)
{
    char c = take(left);
    *it = (struct item){.kind = ITEM_TEXT};
    if (c == '"')
        return string(left, it);
    if (a407_is_alpha(c) || c == '*') {
        for (add(it, c); a407_is_tchar(c = peek(left)) || c == ':' || c == '/';)
            add(it, take(left));
        return true;
    }
    if (a407_is_digit(c) || c == '-') {
        it->kind = ITEM_NUMBER;
        for (add(it, c); a407_is_digit(c = peek(left)) || c == '.';)
            add(it, take(left));
        return true;
    }
    it->kind = ITEM_OTHER;
    if (c == '?') /* a boolean */
        return take(left);
    struct a407_span bytes;
    size_t n = left->n;
    return c == ':' && a407_span_cut(left, ':', &bytes) && bytes.n < n;
}

static struct a407_span key(struct a407_span *left)
{
    struct a407_span all = *left;
    while (a407_is_alnum(peek(left)) ||
           (peek(left) && strchr("_-.*", peek(left))))
        take(left);
    return a407_span_before(all, left->p);
}

/* Three digits, else 0. */
static int status_of(const struct item *it)
{
    uint64_t v = 0;
    if (it->kind == ITEM_NUMBER && it->n == 3)
        a407_span_number(a407_span(it->text, 3), 999, &v);
    return v >= 100 ? (int)v : 0;
}

/* ";key=value": the last one of a name counts (RFC 8941 section 3.1.2). */
static bool parameters(struct a407_span *left, struct a407_proxy_status *s)
{
    while (peek(left) == ';') {
        struct item it = {.kind = ITEM_OTHER};
        take(left);
        skip(left, " ");
        struct a407_span name = key(left);
        if (!name.n ||
            (peek(left) == '=' && take(left) && !bare_item(left, &it)))
            return false;
        struct a407_span text = a407_span(it.text, it.n);
        if (a407_span_eq(name, "received-status"))
            s->received_status = status_of(&it);
        if (it.kind != ITEM_TEXT)
            continue;
        if (a407_span_eq(name, "error"))
            a407_put(s->error, sizeof s->error, text);
        else if (a407_span_eq(name, "next-hop"))
            a407_put(s->next_hop, sizeof s->next_hop, text);
        else if (a407_span_eq(name, "details"))
            a407_put(s->details, sizeof s->details, text);
    }
    return true;
}

size_t a407_proxy_status_parse(struct a407_span value,
                               struct a407_proxy_status *out, size_t max)
{
    size_t n = 0;
    while (n < max) {
        struct item it;
        struct a407_proxy_status s = {0};
        skip(&value, " \t");
        if (!bare_item(&value, &it) || it.kind != ITEM_TEXT)
            break;
        a407_put(s.name, sizeof s.name, a407_span(it.text, it.n));
        if (!parameters(&value, &s))
            break;
        skip(&value, " \t");
        if (value.n && peek(&value) != ',')
            break;
        out[n++] = s;
        take(&value);
    }
    return n;
}
