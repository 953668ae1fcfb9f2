/* SPDX-License-Identifier: MIT */
#include "redact_int.h"

/* Secrets of which only the program's name tells that they are some. Tables
   hold no pointers, which would have to be relocated in each process. */

enum rule_bit {
#define A407_RULE(id, ...)         BIT_##id,
#define A407_AFTER(needs, id, ...) /* not a rule of its own */
#include "redact_programs.def"
#undef A407_RULE
#undef A407_AFTER
};

enum rule {
#define A407_RULE(id, ...)         id = UINT64_C(1) << BIT_##id,
#define A407_AFTER(needs, id, ...) /* not a rule of its own */
#include "redact_programs.def"
#undef A407_RULE
#undef A407_AFTER
};

/* ---- names of programs ---- */

static const struct {
    uint64_t needs, sets; /* `sets` where one of `needs` was set before */
} rows[] = {
#define A407_RULE(id, ...)         {UINT64_MAX, id},
#define A407_AFTER(needs, id, ...) {needs, id},
#include "redact_programs.def"
#undef A407_RULE
#undef A407_AFTER
};

/* The names of each row, and "" behind them. */
static const char names[][20] = {
#define A407_RULE(id, ...)         __VA_ARGS__, "",
#define A407_AFTER(needs, id, ...) __VA_ARGS__, "",
#include "redact_programs.def"
#undef A407_RULE
#undef A407_AFTER
};

/* "mysql*" is each name that begins so. */
static bool is_name(struct a407_span word, const char *name)
{
    size_t n = strlen(name);
    bool begins = name[n - 1] == '*';
    n -= begins;
    return (begins ? word.n >= n : word.n == n) && memcmp(word.p, name, n) == 0;
}

/* What the word adds to the rules. */
static uint64_t rules_of(struct a407_span word, uint64_t rules)
{
    uint64_t add = 0;
    size_t row = 0;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        if (!names[k][0])
            row++;
        else if (names[k][0] == word.p[0] && is_name(word, names[k]) &&
                 (rules & rows[row].needs || rows[row].needs == UINT64_MAX))
            add |= rows[row].sets;
    }
    return add;
}

static bool ends_name(char c)
{
    return a407_is_blank(c) || a407_is_quote(c) || memchr(";)(&|,/", c, 7);
}

/* "-b", "-nb": a dash, and short options. */
static bool has_short(struct a407_span word, char option)
{
    return word.n > 1 && word.p[0] == '-' && word.p[1] != '-' &&
           memchr(word.p + 1, option, word.n - 1);
}

void a407_programs_note(uint64_t *rules, struct a407_span t, size_t i)
{
    if (i > 0 && !ends_name(t.p[i - 1]))
        return;
    size_t end = i;
    while (end < t.n && end - i < A407_NAME_MAX && !ends_name(t.p[end]))
        end++;
    if (end == i || (end < t.n && (t.p[end] == '/' || !ends_name(t.p[end]))))
        return;
    struct a407_span word = a407_span(t.p + i, end - i);
    if ((*rules & BATCH) && has_short(word, 'b'))
        *rules |= REST; /* htpasswd -b FILE USER SECRET */
    *rules |= rules_of(word, *rules);
}

bool a407_programs_fetch(uint64_t rules)
{
    return rules & (CURL | WGET | HTTPIE);
}

/* ---- options ---- */

static const struct option {
    uint64_t rules;
    enum { SHORT, SHORT_GLUED, WORD, WORD_GLUED, LONG, LONG_ANY } form;
    enum { SECRET, SOURCE, HEADER } kind;
    char chars[4];
    char values[28];
    char names[136];
} options[] = {
#define A407_OPTION(form, rules, kind, chars, values, names)                   \
    {rules, form, kind, chars, values, names},
#include "redact_options.def"
#undef A407_OPTION
};

/* One past that option in "-xyz", or 0. */
static size_t short_end(struct a407_span word, char letter, const char *values)
{
    if (word.n < 2 || word.p[0] != '-')
        return 0;
    for (size_t i = 1; i < word.n; i++) {
        char c = word.p[i];
        if (c == letter && (*values || i == 1 || i + 1 == word.n))
            return i + 1;
        if (c == '-' || !a407_is_name_char(c) || strchr(values, c))
            return 0;
    }
    return 0;
}

static bool begins(struct a407_span s, const char *with, size_t n)
{
    return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* One past the name in "--name" and "--name=value", or 0. Its end may be left
   out, unless what is left is an option itself. */
static size_t long_end(const struct option *o, struct a407_span name,
                       struct a407_span word, uint64_t rules)
{
    size_t end = 2;
    if (!a407_span_begins(word, "--"))
        return 0;
    while (end < word.n && a407_is_name_char(word.p[end]))
        end++;
    struct a407_span given = a407_span(word.p + 2, end - 2);
    bool same = given.n == name.n && begins(given, name.p, name.n);
    bool part = (rules & o->rules) && given.n >= 2 &&
                begins(name, given.p, given.n) &&
                !begins(a407_span_str("proxy"), given.p, given.n) &&
                !begins(a407_span_str("url"), given.p, given.n);
    return part || (same && o->form == LONG_ANY) ? end : 0;
}

static size_t option_end(const struct option *o, struct a407_span name,
                         struct a407_span word, uint64_t rules)
{
    switch (o->form) {
    case SHORT:
    case SHORT_GLUED:
        return short_end(word, name.p[0], o->values);
    case WORD:
    case WORD_GLUED:
        return begins(word, name.p, name.n) ? name.n : 0;
    default:
        return long_end(o, name, word, rules);
    }
}

/* Where the secret is in an option's value, which starts at `at`; or t.n. */
static size_t in_value(const struct a407_place *p, const struct option *o,
                       size_t at)
{
    struct a407_span t = p->text;
    if (at >= t.n || a407_is_blank(t.p[at]))
        return t.n;
    if (o->kind == SOURCE)
        return a407_source_secret(t, at, p->whole, p->to);
    if (o->kind == HEADER)
        return a407_header_secret(t, at, a407_programs_fetch(p->rules));
    return a407_value_holds(p, at, o->chars) ? at : t.n;
}

/* Of a container: "-p8080:80". */
static bool is_ports(struct a407_span t, size_t from)
{
    bool colon = false;
    for (; from < t.n && !a407_is_blank(t.p[from]); from++) {
        if (!memchr("0123456789:.-/", t.p[from], 14))
            return false;
        colon = colon || t.p[from] == ':';
    }
    return colon;
}

/* The word is the option's value, or the option with its value in it. */
static size_t option_value(const struct a407_place *p, const struct option *o,
                           struct a407_span name, struct a407_span word)
{
    size_t at = p->text.n;
    bool glued = o->form == SHORT_GLUED || o->form == WORD_GLUED;
    bool is_short = o->form == SHORT || o->form == SHORT_GLUED;
    if (!glued && p->before.n &&
        option_end(o, name, p->before, p->rules) == p->before.n)
        at = in_value(p, o, p->from);
    size_t end = o->form == WORD ? 0 : option_end(o, name, word, p->rules);
    if (end && end < word.n && (o->form == LONG || o->form == LONG_ANY))
        end = word.p[end] == '=' ? end + 1 : 0;
    if (at == p->text.n && end && end < word.n)
        at = in_value(p, o, p->from + end);
    bool ports = is_short && (p->rules & LOGIN_P) && is_ports(p->text, at);
    return ports ? p->text.n : at;
}

static size_t by_option(const struct a407_place *p, bool source)
{
    static const size_t longest = 64; /* no option is longer */
    struct a407_span t = p->text;
    size_t end = p->from;
    while (end < t.n && end - p->from < longest && !a407_is_blank(t.p[end]))
        end++;
    struct a407_span word = a407_span(t.p + p->from, end - p->from), name;
    uint64_t rules = p->rules & ~(p->rules & LOGIN ? 0 : (uint64_t)LOGIN_P);
    for (size_t k = 0; k < sizeof options / sizeof options[0]; k++) {
        const struct option *o = &options[k];
        if (source != (o->kind == SOURCE) ||
            (o->rules && !(rules & o->rules) && o->form != LONG_ANY))
            continue;
        for (const char *list = o->names; a407_next_name(&list, &name);) {
            size_t at = option_value(p, o, name, word);
            if (at < t.n)
                return at;
        }
    }
    return t.n;
}

/* ---- all of them ---- */

/* In user/SECRET@database, what is behind the "/". */
static size_t oracle_secret(struct a407_span t, size_t from)
{
    size_t i = from;
    while (i < t.n && (a407_is_name_char(t.p[i]) || t.p[i] == '='))
        i++;
    return i > from && i + 1 < t.n && t.p[from] != '-' && t.p[i] == '/' ? i + 1
                                                                        : t.n;
}

/* HTTPie's Field:value, name=value, name:=value, name==value. */
static size_t item_secret(struct a407_span t, size_t from)
{
    size_t i = from;
    while (i < t.n && i - from < 64 && a407_is_name_char(t.p[i]))
        i++;
    if (t.p[from] == '-' || i == from || t.n - i < 2)
        return t.n;
    if (t.p[i] == ':' && t.p[i + 1] != '=') /* or a host's port, or a path */
        return memchr("0123456789/", t.p[i + 1], 11)
                   ? t.n
                   : a407_header_secret(t, from, true);
    return t.p[i] == '=' || t.p[i] == ':' ? i + 1 : t.n;
}

size_t a407_program_secret(const struct a407_place *p)
{
    struct a407_span t = p->text;
    if ((p->rules & REST) || ((p->rules & WORDS) && t.p[p->from] != '-'))
        return p->from;
    size_t at = by_option(p, false);
    if (at == t.n && (p->rules & HTTPIE))
        at = item_secret(t, p->from);
    return at == t.n && (p->rules & ORACLE) ? oracle_secret(t, p->from) : at;
}

size_t a407_program_source(const struct a407_place *p)
{
    size_t at = by_option(p, true);
    bool quoted =
        p->whole || (p->from && a407_is_quote(p->text.p[p->from - 1]));
    return at == p->text.n && (p->rules & SCRIPT) && quoted
               ? a407_source_secret(p->text, p->from, p->whole, p->to)
               : at;
}
