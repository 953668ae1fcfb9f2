/* SPDX-License-Identifier: MIT */
#include "redact_int.h"

/* "Authorization" schemes as words inside a text: credentials follow. Some are
   common words as well: those count behind a quote or a colon. */
static bool is_auth_scheme(struct a407_span t, struct a407_span word)
{
    size_t at = (size_t)(word.p - t.p);
    if (a407_is_one_of_icase(word, "Bearer Basic Negotiate NTLM"))
        return true;
    if (!a407_is_one_of_icase(word, "Token ApiKey Digest OAuth"))
        return false;
    while (at > 0 && a407_is_blank(t.p[at - 1]))
        at--;
    return at > 0 && (a407_is_quote(t.p[at - 1]) || t.p[at - 1] == ':');
}

/* In "-uuser:password" or "-sSuuser:password" where the value is, or t.n. */
static size_t glued_user(struct a407_span t, size_t from)
{
    size_t i = from + 1;
    if (t.p[from] != '-')
        return t.n;
    while (i < t.n && a407_is_alpha(t.p[i]) && (t.p[i] | 0x20) != 'u')
        i++;
    if (i + 1 >= t.n || (t.p[i] | 0x20) != 'u')
        return t.n;
    return a407_word_holds(t, i + 1, ":") ? i + 1 : t.n;
}

/* In "-dname=value" where the value is, or t.n; curl's bodies. */
static size_t glued_data(struct a407_span t, size_t from)
{
    if (!a407_begins_at(t, from, "-d") || !a407_word_holds(t, from + 2, "="))
        return t.n;
    for (size_t i = from + 2; i + 1 < t.n && !a407_is_blank(t.p[i]); i++)
        if (t.p[i] == '=')
            return i + 1;
    return t.n;
}

/* add_header('Authorization', 'SECRET'): the word at i is behind a comma, and
   what is before that is the name of a secret. */
static bool is_argument(struct a407_span t, struct a407_span before, size_t i)
{
    size_t end = (size_t)(before.p - t.p) + before.n;
    return memchr(t.p + end, ',', i - end) && a407_secret_name(before);
}

/* The word is a secret, wholly or from the offset returned; or t.n. */
static size_t secret_word(const struct a407_place *p)
{
    struct a407_span t = p->text, before = p->before;
    size_t i = p->from;
    if (t.p[i] == ',')
        return t.n;
    size_t at = a407_program_secret(p);
    if (at < t.n)
        return at;
    const char *chars = a407_announces(before);
    if (chars && a407_value_holds(p, i, chars))
        return i;
    if (!p->whole && (is_auth_scheme(t, before) || is_argument(t, before, i)))
        return i;
    at = glued_user(t, i);
    if (at == t.n)
        at = glued_data(t, i);
    return at < t.n ? at : a407_piped_secret(t, i);
}

/* What calls encode or take a secret: base64_encode('user:SECRET'). */
static bool takes_secret(struct a407_span name)
{
    return a407_secret_name(name) || memmem(name.p, name.n, "base64", 6) ||
           memmem(name.p, name.n, "b64", 3) || a407_span_eq(name, "btoa");
}

/* The secret that starts behind the mark at i, which is right behind a name:
   "add_password(", and curl's "Cookie;". Or t.n. */
static size_t behind_name(struct a407_span t, size_t i)
{
    size_t start = i;
    while (start > 0 && a407_is_name_char(t.p[start - 1]))
        start--;
    struct a407_span name = a407_span(t.p + start, i - start);
    if (i + 1 >= t.n || !name.n)
        return t.n;
    bool found = t.p[i] == '('
                     ? t.p[i + 1] != ')' && takes_secret(name)
                     : !a407_is_blank(t.p[i + 1]) && a407_secret_name(name);
    return found ? i + 1 : t.n;
}

/* "PasswordAuthentication=no", "PWD=/home/alice" */
static bool is_no_secret(struct a407_span name, struct a407_span t, size_t i)
{
    struct a407_span value = a407_span(t.p + i, 0);
    while (i + value.n < t.n && value.n < 8 &&
           a407_is_name_char(value.p[value.n]))
        value.n++;
    if (a407_is_one_of_icase(value, "yes no true false"))
        return true;
    return t.p[i] == '/' &&
           (a407_span_eq(name, "PWD") || a407_span_eq(name, "OLDPWD"));
}

/* A secret follows the "=" or ":" at i: where it starts, or t.n. */
static size_t secret_value(struct a407_span t, size_t i)
{
    size_t end = i;
    bool colon = t.p[i] == ':';
    while (end > 0 && a407_is_between(t.p[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && (a407_is_name_char(t.p[start - 1]) ||
                         (!colon && t.p[start - 1] == '.')))
        start--;
    struct a407_span name = a407_span(t.p + start, end - start);
    if (!colon && a407_iends_with(name, a407_span_str("extraheader")))
        return a407_header_secret(t, i + 1, true); /* git's */
    const char *chars = a407_announces_value(name, colon);
    if (!chars)
        return t.n;
    /* the host and port of a URL are no field name and value */
    if (colon && ((start >= 2 && a407_begins_at(t, start - 2, "//")) ||
                  a407_begins_at(t, i, "://")))
        return t.n;
    for (i++; i < t.n && a407_is_blank(t.p[i]); i++)
        ;
    if (i == t.n || is_no_secret(name, t, i))
        return t.n;
    return a407_word_holds(t, i, chars) ? i : t.n;
}

/* What the mark at i announces. */
static size_t behind_mark(struct a407_span t, size_t i)
{
    switch (t.p[i]) {
    case '=':
    case ':':
        return secret_value(t, i);
    case '(':
    case ';':
        return behind_name(t, i);
    case '<':
        return a407_here_secret(t, i);
    default:
        return t.n;
    }
}

size_t a407_secret_start(struct a407_span t, struct a407_span prev,
                         uint64_t programs, size_t from, size_t to)
{
    struct a407_place p = {.text = t, .to = to, .rules = programs};
    size_t source = t.n, start = t.n; /* source: of a script's literal */
    for (size_t i = 0; i < to && i < t.n && i < source && start == t.n; i++) {
        if (a407_word_starts(t, i)) {
            p.from = i;
            p.before = a407_word_before(t, prev, i);
            p.whole = p.before.p == prev.p;
            size_t at = a407_program_source(&p);
            if (at < source) /* a URL in front of it may have been shown */
                source = at > from ? at : from;
            if (i >= from)
                start = secret_word(&p);
        }
        a407_programs_note(&p.rules, t, i);
        if (i >= from && start == t.n)
            start = behind_mark(t, i);
    }
    return start < source ? start : source;
}
