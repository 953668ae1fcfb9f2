/* SPDX-License-Identifier: MIT */
#include "proxy_status.h"

#include "core/base/text.h"

/* A bare item (RFC 8941 section 3.3) as text, cut to what there is room for. */
struct item {
    enum { ITEM_TEXT, ITEM_NUMBER, ITEM_OTHER } kind;
    char text[256];
    size_t n;
};

static bool is_key_char(char c)
{
    return a407_is_alnum(c) || (c && strchr("_-.*", c));
}

static void add(struct item *it, char c)
{
    if (it->n < sizeof it->text - 1)
        it->text[it->n++] = c;
}

/* Behind the opening quote: past the closing one. */
static bool string(struct a407_span *left, struct item *it)
{
    for (char c; (c = a407_span_take(left)) != '"'; add(it, c)) {
        if (c == '\\')
            c = a407_span_take(left);
        if (!c)
            return false;
    }
    return true;
}

static bool is_token_char(char c)
{
    return a407_is_tchar(c) || c == ':' || c == '/';
}

static bool is_number_char(char c)
{
    return a407_is_digit(c) || c == '.';
}

static bool bare_item(struct a407_span *left, struct item *it)
{
    struct a407_span all = *left, bytes;
    char c = a407_span_take(left);
    bool token = a407_is_alpha(c) || c == '*';
    *it = (struct item){.kind = ITEM_TEXT};
    if (c == '"')
        return string(left, it);
    if (token || a407_is_digit(c) || c == '-') {
        it->kind = token ? ITEM_TEXT : ITEM_NUMBER;
        a407_span_run(left, token ? is_token_char : is_number_char);
        all = a407_span_before(all, left->p);
        for (size_t i = 0; i < all.n; i++)
            add(it, all.p[i]);
        return true;
    }
    it->kind = ITEM_OTHER;
    if (c == '?') /* a boolean */
        return a407_span_take(left);
    size_t n = left->n;
    return c == ':' && a407_span_cut(left, ':', &bytes) && bytes.n < n;
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
    while (a407_span_peek(left) == ';') {
        struct item it = {.kind = ITEM_OTHER};
        a407_span_take(left);
        a407_span_run(left, a407_is_ows);
        struct a407_span name = a407_span_run(left, is_key_char);
        if (!name.n || (a407_span_peek(left) == '=' && a407_span_take(left) &&
                        !bare_item(left, &it)))
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
        a407_span_run(&value, a407_is_ows);
        if (!bare_item(&value, &it) || it.kind != ITEM_TEXT)
            break;
        a407_put(s.name, sizeof s.name, a407_span(it.text, it.n));
        if (!parameters(&value, &s))
            break;
        a407_span_run(&value, a407_is_ows);
        if (value.n && a407_span_peek(&value) != ',')
            break;
        out[n++] = s;
        a407_span_take(&value);
    }
    return n;
}
