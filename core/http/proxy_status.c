/* SPDX-License-Identifier: MIT */
#include "proxy_status.h"

#include "core/base/text_put.h"
#include "lex.h"

/* The value being read. */
struct reader {
    const char *p;
    size_t n;
    size_t at;
};

/* A bare item (RFC 8941 section 3.3) as text, cut to what there is room for. */
struct item {
    enum { ITEM_TEXT, ITEM_NUMBER, ITEM_OTHER } kind;
    char text[256];
    size_t n;
};

/* The next byte; NUL, which no field value holds, at the end. */
static char peek(const struct reader *r)
{
    return r->at < r->n ? r->p[r->at] : '\0';
}

static void skip(struct reader *r, const char *chars)
{
    while (peek(r) && strchr(chars, peek(r)))
        r->at++;
}

static void add(struct item *it, char c)
{
    if (it->n < sizeof it->text - 1)
        it->text[it->n++] = c;
    it->text[it->n] = '\0';
}

/* At a quote: past the closing one. */
static bool string(struct reader *r, struct item *it)
{
    for (r->at++; r->at < r->n; r->at++) {
        char c = r->p[r->at];
        if (c == '"') {
            r->at++;
            return true;
        }
        if (c == '\\' && ++r->at < r->n)
            c = r->p[r->at];
        if (r->at < r->n)
            add(it, c);
    }
    return false;
}

static bool bytes(struct reader *r)
{
    for (r->at++; r->at < r->n; r->at++)
        if (r->p[r->at] == ':') {
            r->at++;
            return true;
        }
    return false;
}

static bool bare_item(struct reader *r, struct item *it)
{
    char c = peek(r);
    *it = (struct item){.kind = ITEM_TEXT};
    if (c == '"')
        return string(r, it);
    if (a407_is_alpha(c) || c == '*') {
        while (a407_is_tchar(peek(r)) || peek(r) == ':' || peek(r) == '/')
            add(it, r->p[r->at++]);
        return true;
    }
    if (a407_is_digit(c) || c == '-') {
        it->kind = ITEM_NUMBER;
        do
            add(it, r->p[r->at++]);
        while (a407_is_digit(peek(r)) || peek(r) == '.');
        return true;
    }
    it->kind = ITEM_OTHER;
    if (c == ':')
        return bytes(r);
    if (c != '?')
        return false;
    r->at += 2;
    return r->at <= r->n;
}

static struct a407_span key(struct reader *r)
{
    size_t from = r->at;
    while (a407_is_alnum(peek(r)) || (peek(r) && strchr("_-.*", peek(r))))
        r->at++;
    return a407_span(r->p + from, r->at - from);
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
static bool parameters(struct reader *r, struct a407_proxy_status *s)
{
    while (peek(r) == ';') {
        struct item it = {.kind = ITEM_OTHER};
        r->at++;
        skip(r, " ");
        struct a407_span name = key(r);
        if (!name.n)
            return false;
        if (peek(r) == '=') {
            r->at++;
            if (!bare_item(r, &it))
                return false;
        }
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
    struct reader r = {value.p, value.n, 0};
    size_t n = 0;
    while (n < max) {
        struct item it;
        struct a407_proxy_status s = {0};
        skip(&r, " \t");
        if (!bare_item(&r, &it) || it.kind != ITEM_TEXT)
            break;
        a407_put(s.name, sizeof s.name, a407_span(it.text, it.n));
        if (!parameters(&r, &s))
            break;
        skip(&r, " \t");
        if (r.at < r.n && peek(&r) != ',')
            break;
        out[n++] = s;
        if (r.at++ >= r.n)
            break;
    }
    return n;
}
