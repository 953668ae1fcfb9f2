/* SPDX-License-Identifier: MIT */
#include "netrc.h"

#include <stdlib.h>

#include "core/base/text.h"

struct word {
    struct a407_span text; /* as it is meant; p NULL: absent */
    unsigned line;
};

struct entry {
    bool open; /* a machine or default was read, and more of it may follow */
    bool fits; /* it is for the proxy that is looked for */
    struct word login;
    struct word password;
};

/* The text is a copy of our own: words are decoded where they stand. */
struct reader {
    char *p, *end;
    unsigned line;
    const char *file_name;
    const struct a407_endpoint *proxy;
    const char *username; /* the only one that will do, or NULL */
    struct a407_login *out;
    struct a407_diag *diag;
};

/* No value is in a message: it may be a secret. */
static bool complain(struct reader *r, unsigned line, const char *what)
{
    a407_diag_set(r->diag, "%.255s:%u: %s", r->file_name, line, what);
    return false;
}

static void skip_blanks(struct reader *r)
{
    for (; r->p < r->end && a407_is_lws(*r->p); r->p++)
        r->line += *r->p == '\n';
}

static void skip_line(struct reader *r)
{
    char *lf = memchr(r->p, '\n', (size_t)(r->end - r->p));
    r->p = lf ? lf + 1 : r->end;
    r->line += lf != NULL;
}

/* The letters that stand for controls do so here as well, and are refused. */
static char unescaped(char c)
{
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

/* What follows the opening quote; the line's end ends nothing by itself. */
static bool take_quoted(struct reader *r, struct word *w)
{
    char *from = r->p, *to = from;
    for (; r->p < r->end && *r->p != '\n'; r->p++) {
        if (*r->p == '"') {
            w->text = a407_span(from, (size_t)(to - from));
            r->p++;
            return true;
        }
        bool escape = *r->p == '\\' && r->p + 1 < r->end && r->p[1] != '\n';
        *to++ = escape ? unescaped(*++r->p) : *r->p;
    }
    return complain(r, r->line, "a double quote is not closed on its line");
}

/* The next word; p stays NULL at the end. */
static bool take_word(struct reader *r, struct word *w)
{
    skip_blanks(r);
    *w = (struct word){.line = r->line};
    if (r->p == r->end)
        return true;
    if (*r->p == '"') {
        r->p++;
        return take_quoted(r, w);
    }
    const char *from = r->p;
    while (r->p < r->end && !a407_is_lws(*r->p))
        r->p++;
    w->text = a407_span(from, (size_t)(r->p - from));
    return true;
}

static bool take_value(struct reader *r, struct word *w)
{
    unsigned line = r->line;
    return take_word(r, w) &&
           (w->text.p || complain(r, line, "the last keyword has no value"));
}

static bool check(struct reader *r, const struct word *w)
{
    return !a407_text_has_control(w->text) ||
           complain(r, w->line, "a value holds a control character");
}

/* Is that name one of the proxy's? A name that can't be one is not. */
static bool names_proxy(struct reader *r, const struct word *w, bool *fits)
{
    struct a407_endpoint e;
    *fits = a407_endpoint_parse(w->text, &e) && e.host[0] != '*' &&
            a407_endpoint_match(&e, r->proxy);
    return check(r, w);
}

/* Whether what was read of an entry is what is looked for; then `out` has it.
   False, too, with a diag. */
static bool settle(struct reader *r, struct entry *e)
{
    struct a407_span login = e->login.text;
    if (!login.p)
        login = a407_span_str(r->username);
    if (!e->open || !e->fits || !e->password.text.p || !login.p ||
        !check(r, &e->login) ||
        (r->username && !a407_span_eq(login, r->username)) ||
        !check(r, &e->password))
        return false;
    *r->out = (struct a407_login){a407_strdup_span(login),
                                  a407_strdup_span(e->password.text)};
    if (r->out->username && r->out->password)
        return true;
    a407_free_secret(r->out->username);
    a407_free_secret(r->out->password);
    *r->out = (struct a407_login){0};
    return complain(r, r->line, "out of memory");
}

/* The lines of a macro end with an empty one, or with the text. */
static void skip_macro(struct reader *r)
{
    for (;;) {
        skip_line(r);
        if (r->p == r->end || *r->p == '\n' ||
            (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n'))
            return;
    }
}

/* One keyword and its value. False: diag tells. */
static bool take_item(struct reader *r, struct a407_span key, struct entry *e)
{
    struct word value;
    if (a407_span_eq(key, "default")) {
        *e = (struct entry){.open = true, .fits = true};
        return true;
    }
    if (a407_span_eq(key, "macdef")) {
        if (!take_value(r, &value))
            return false;
        skip_macro(r);
        return true;
    }
    if (a407_span_eq(key, "machine")) {
        *e = (struct entry){.open = true};
        return take_value(r, &value) && names_proxy(r, &value, &e->fits);
    }
    if (a407_span_eq(key, "login"))
        return take_value(r, &e->login);
    if (a407_span_eq(key, "password"))
        return take_value(r, &e->password);
    if (a407_span_eq(key, "account"))
        return take_value(r, &value);
    return true; /* a word that others understand, perhaps */
}

static bool find(struct reader *r)
{
    struct entry e = {0};
    for (;;) {
        struct word w;
        skip_blanks(r);
        if (r->p < r->end && *r->p == '#') {
            skip_line(r);
            continue;
        }
        if (!take_word(r, &w))
            return false;
        bool next = !w.text.p || a407_span_eq(w.text, "machine") ||
                    a407_span_eq(w.text, "default");
        if (next && settle(r, &e))
            return true;
        if (!w.text.p || r->diag->text[0] || !take_item(r, w.text, &e))
            return false;
    }
}

bool a407_netrc_find(struct a407_span text, const char *file_name,
                     const struct a407_endpoint *proxy, const char *username,
                     struct a407_login *out, struct a407_diag *diag)
{
    char *copy = a407_strdup_span(text);
    struct reader r = {.p = copy,
                       .end = copy + text.n,
                       .line = 1,
                       .file_name = file_name,
                       .proxy = proxy,
                       .username = username,
                       .out = out,
                       .diag = diag};
    diag->text[0] = '\0';
    *out = (struct a407_login){0};
    bool found = copy ? find(&r) : complain(&r, 0, "out of memory");
    a407_wipe(copy, text.n);
    a407_secret_free(copy);
    return found;
}
