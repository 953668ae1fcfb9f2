/* SPDX-License-Identifier: MIT */
#include "core/http/lex.h"
#include "redact_int.h"

#define LOOK_MAX 1024u

bool a407_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool a407_is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

bool a407_is_name_char(char c)
{
    return a407_is_alnum(c) || c == '_' || c == '-';
}

bool a407_is_between(char c)
{
    return a407_is_blank(c) || a407_is_quote(c) || c == '\\' || c == ',';
}

bool a407_word_starts(struct a407_span t, size_t i)
{
    return !a407_is_blank(t.p[i]) && !a407_is_quote(t.p[i]) &&
           (i == 0 || a407_is_blank(t.p[i - 1]) || a407_is_quote(t.p[i - 1]));
}

size_t a407_word_end(struct a407_span t, size_t from)
{
    while (from < t.n && !a407_is_blank(t.p[from]))
        from++;
    return from;
}

struct a407_span a407_word_before(struct a407_span t, struct a407_span prev,
                                  size_t from)
{
    size_t end = from;
    while (end > 0 && a407_is_between(t.p[end - 1]))
        end--;
    if (end == 0)
        return prev;
    size_t start = end;
    while (start > 0 && !a407_is_between(t.p[start - 1]))
        start--;
    return a407_span(t.p + start, end - start);
}

static bool holds(struct a407_span t, size_t from, size_t to, const char *chars)
{
    if (!*chars)
        return true;
    size_t end = to - from > LOOK_MAX ? from + LOOK_MAX : to;
    for (size_t i = from; i < end; i++)
        if (strchr(chars, t.p[i]) && t.p[i])
            return true;
    return end < to;
}

bool a407_word_holds(struct a407_span t, size_t from, const char *chars)
{
    size_t first = from < t.n && a407_is_quote(t.p[from]) ? from + 1 : from;
    if (first > 0 && a407_is_quote(t.p[first - 1])) {
        const char *q = memchr(t.p + first, t.p[first - 1], t.n - first);
        size_t to = q ? (size_t)(q - t.p) : t.n;
        bool behind = to + 1 < t.n && *chars && strchr(chars, t.p[to + 1]);
        return behind || holds(t, first, to, chars); /* 'a':'b' */
    }
    size_t end = from;
    while (end < t.n && end - from <= LOOK_MAX && !a407_is_blank(t.p[end]))
        end++;
    return holds(t, from, end, chars);
}

bool a407_value_holds(const struct a407_place *p, size_t at, const char *chars)
{
    return p->whole ? holds(p->text, at, p->text.n, chars)
                    : a407_word_holds(p->text, at, chars);
}

bool a407_next_name(const char **list, struct a407_span *name)
{
    const char *p = *list + strspn(*list, " ");
    *name = a407_span(p, strcspn(p, " "));
    *list = p + name->n;
    return name->n > 0;
}

bool a407_iends_with(struct a407_span s, struct a407_span end)
{
    for (size_t i = 1; i <= end.n; i++)
        if (i > s.n || a407_lower(s.p[s.n - i]) != a407_lower(end.p[end.n - i]))
            return false;
    return true;
}

bool a407_is_one_of(struct a407_span word, const char *list)
{
    struct a407_span name;
    while (a407_next_name(&list, &name))
        if (name.n == word.n && memcmp(name.p, word.p, name.n) == 0)
            return true;
    return false;
}

bool a407_is_one_of_icase(struct a407_span word, const char *list)
{
    struct a407_span name;
    while (a407_next_name(&list, &name))
        if (name.n == word.n && a407_iends_with(word, name))
            return true;
    return false;
}
