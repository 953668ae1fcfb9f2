/* SPDX-License-Identifier: MIT */
#include "challenge.h"

#include <stdlib.h>

#include "core/base/buf.h"

#include "lex.h"

struct reader {
    struct a407_span left;
    bool malformed;
    bool truncated;
};

static bool next_is(const struct reader *r, char c)
{
    return r->left.n && *r->left.p == c;
}

static bool at_element_end(const struct reader *r)
{
    return !r->left.n || *r->left.p == ',';
}

static void skip_blanks(struct reader *r)
{
    a407_span_run(&r->left, a407_is_lws);
}

static bool is_separator(char c)
{
    return c == ',' || a407_is_lws(c);
}

/* On to the next element that isn't empty (RFC 9110 section 5.6.1.2). False:
   there is none. */
static bool next_element(struct reader *r)
{
    a407_span_run(&r->left, is_separator);
    return r->left.n > 0;
}

static struct a407_span take_token(struct reader *r)
{
    return a407_span_run(&r->left, a407_is_tchar);
}

/* At a quote: past the closing one. False, and at the end: there is none. */
static bool take_quoted(struct reader *r, struct a407_span *out)
{
    a407_span_take(&r->left);
    for (*out = r->left; r->left.n; a407_span_take(&r->left)) {
        if (next_is(r, '\\') && r->left.n > 1) {
            a407_span_take(&r->left);
        } else if (next_is(r, '"')) {
            *out = a407_span_before(*out, r->left.p);
            a407_span_take(&r->left);
            return true;
        }
    }
    return false;
}

/* What can't be read. An open quote swallows all the rest: text of a realm must
   not become a challenge. */
static void skip_element(struct reader *r)
{
    struct a407_span ignored;
    r->malformed = true;
    while (!at_element_end(r)) {
        if (next_is(r, '"'))
            take_quoted(r, &ignored);
        else
            a407_span_take(&r->left);
    }
}

static bool param_ahead(const struct reader *r)
{
    struct reader look = *r;
    if (take_token(&look).n == 0)
        return false;
    skip_blanks(&look);
    return next_is(&look, '=');
}

/* A value without quotes runs to the comma, or to a parameter behind a blank:
   nonces with "=" and "/" and realms with blanks are met. */
static struct a407_span take_bare(struct reader *r)
{
    struct a407_span value = a407_span(r->left.p, 0);
    while (!at_element_end(r) && !next_is(r, '"')) {
        if (value.n) {
            r->malformed = true;
            if (param_ahead(r))
                break;
        }
        while (!at_element_end(r) && !next_is(r, '"') &&
               !a407_is_lws(*r->left.p))
            a407_span_take(&r->left);
        value.n = (size_t)(r->left.p - value.p);
        skip_blanks(r);
    }
    if (!value.n)
        r->malformed = true;
    return value;
}

/* At the "=" of a parameter: reads its value and on to where the next element
   may start. False: an open quote. */
static bool take_value(struct reader *r, struct a407_param *out)
{
    a407_span_take(&r->left);
    skip_blanks(r);
    out->quoted = next_is(r, '"');
    if (!out->quoted) {
        out->value = take_bare(r);
    } else if (!take_quoted(r, &out->value)) {
        r->malformed = true;
        return false;
    }
    skip_blanks(r);
    if (at_element_end(r))
        return true;
    /* A forgotten comma, or else something that can't be read. */
    r->malformed = true;
    if (!param_ahead(r))
        skip_element(r);
    return true;
}

/* Reads the parameter `name`; `c` is NULL if it belongs to none. */
static void take_param(struct reader *r, struct a407_span name,
                       struct a407_challenge *c)
{
    struct a407_param one = {.name = name};
    if (!take_value(r, &one) || !c)
        return;
    if (c->n_params == A407_PARAMS_MAX)
        r->truncated = true;
    else
        c->params[c->n_params++] = one;
}

/* token68 (RFC 9110 section 11.2), if one is all that the element holds. */
static bool take_token68(struct reader *r, struct a407_span *out)
{
    struct reader look = *r;
    if (!a407_span_run(&look.left, a407_is_token68_char).n)
        return false;
    while (next_is(&look, '='))
        a407_span_take(&look.left);
    *out = a407_span_before(r->left, look.left.p);
    skip_blanks(&look);
    if (!at_element_end(&look))
        return false;
    r->left = look.left;
    return true;
}

/* The challenge that a scheme starts; NULL if there is no room for it. */
static struct a407_challenge *add_scheme(struct a407_challenges *out,
                                         struct a407_span scheme)
{
    if (out->n == A407_CHALLENGES_MAX) {
        out->truncated = true;
        return NULL;
    }
    struct a407_challenge *c = &out->item[out->n++];
    c->scheme = scheme;
    c->token68 = a407_span(NULL, 0);
    c->n_params = 0;
    return c;
}

/* What follows a scheme in its element; a parameter is left to the caller. */
static void take_token68_or_skip(struct reader *r, struct a407_challenge *c)
{
    struct a407_span token68;
    if (at_element_end(r))
        return;
    if (take_token68(r, &token68)) {
        if (c)
            c->token68 = token68;
    } else if (!param_ahead(r)) {
        skip_element(r);
    }
}

void a407_challenges_add(struct a407_span value, struct a407_challenges *out)
{
    struct reader r = {.left = value};
    /* Several fields are one list (RFC 9110 section 5.3): parameters may
       belong to the field before. */
    struct a407_challenge *c = NULL;
    if (out->n && !out->truncated)
        c = &out->item[out->n - 1];
    while (next_element(&r)) {
        struct a407_span word = take_token(&r);
        const char *word_end = r.left.p;
        skip_blanks(&r);
        if (word.n && next_is(&r, '=')) {
            /* Before any scheme, or where a token68 stands already. */
            if (out->n == 0 || (c && c->token68.p))
                r.malformed = true;
            take_param(&r, word, c);
        } else if (word.n && (at_element_end(&r) || r.left.p > word_end)) {
            c = add_scheme(out, word);
            take_token68_or_skip(&r, c);
        } else {
            skip_element(&r);
        }
    }
    out->malformed |= r.malformed;
    out->truncated |= r.truncated;
}

void a407_challenges_parse(const char *p, size_t n, const char *name,
                           struct a407_challenges *out)
{
    struct a407_field f;
    size_t at = 0;
    /* Not the whole: it is some 16 KiB, and each item is set when it's used. */
    out->n = 0;
    out->malformed = false;
    out->truncated = false;
    while (a407_field_next(p, n, &at, &f)) {
        if (a407_span_ieq(f.name, name))
            a407_challenges_add(f.value, out);
    }
}

const struct a407_param *a407_param_find(const struct a407_challenge *c,
                                         const char *name)
{
    for (size_t i = 0; i < c->n_params; i++)
        if (a407_span_ieq(c->params[i].name, name))
            return &c->params[i];
    return NULL;
}

int a407_param_text(const struct a407_param *p, char *out, size_t cap)
{
    if (cap == 0)
        return -1;
    out[0] = '\0';
    if (!p || !p->value.p)
        return -1;
    size_t k = 0;
    for (size_t i = 0; i < p->value.n; i++) {
        char c = p->value.p[i];
        if (p->quoted && c == '\\' && i + 1 < p->value.n)
            c = p->value.p[++i];
        if (c == '\0' || c == '\r' || c == '\n' || k + 1 == cap) {
            out[0] = '\0';
            return -1;
        }
        out[k++] = c;
    }
    out[k] = '\0';
    return (int)k;
}

bool a407_param_is(const struct a407_challenge *c, const char *name,
                   const char *word)
{
    char text[16];
    return a407_param_text(a407_param_find(c, name), text, sizeof text) >= 0 &&
           a407_span_ieq(a407_span_str(text), word);
}

void a407_auth_info_parse(struct a407_span value, struct a407_challenge *out)
{
    struct reader r = {.left = value};
    out->scheme = a407_span("", 0);
    out->token68 = a407_span(NULL, 0);
    out->n_params = 0;
    while (next_element(&r)) {
        struct a407_span name = take_token(&r);
        skip_blanks(&r);
        if (name.n && next_is(&r, '='))
            take_param(&r, name, out);
        else
            skip_element(&r);
    }
}

struct a407_challenges *a407_challenges_new(void)
{
    return calloc(1, sizeof(struct a407_challenges));
}

void a407_challenges_free(struct a407_challenges *list)
{
    if (list)
        a407_wipe(list, sizeof *list);
    free(list);
}
