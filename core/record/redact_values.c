/* SPDX-License-Identifier: MIT */
#include "redact_int.h"

/* Values that hold a secret in a part of them: the text of a script, a header
   field, and what a shell hands to a program's standard input. */

/* ---- scripts ---- */

/* The literal at i is a module's name: require("http"), import "net/http". */
static bool names_module(struct a407_span t, size_t i)
{
    if (i > 0 && t.p[i - 1] == '\\')
        i--;
    while (i > 0 && (t.p[i - 1] == ' ' || t.p[i - 1] == '('))
        i--;
    size_t start = i;
    while (start > 0 && i - start < 32 && a407_is_name_char(t.p[start - 1]))
        start--;
    return a407_is_one_of(a407_span(t.p + start, i - start),
                          "require import from require_relative");
}

/* One past a literal at i that is no secret: an empty one, a module or a URL,
   whose parts are hidden as those of any other. Else i. */
static size_t harmless_literal(struct a407_span t, size_t i)
{
    size_t end = i + 1;
    while (end < t.n && end - i < 512 && !a407_is_blank(t.p[end]) &&
           !a407_is_quote(t.p[end]) && t.p[end] != '\\')
        end++;
    bool known = end == i + 1 || a407_begins_at(t, i + 1, "http://") ||
                 a407_begins_at(t, i + 1, "https://") || names_module(t, i);
    if (end < t.n && t.p[end] == '\\')
        end++;
    if (!known || end == t.n || t.p[end] != t.p[i])
        return i;
    /* three quotes in a row begin a literal */
    return end + 1 < t.n && a407_is_quote(t.p[end + 1]) ? i : end + 1;
}

/* Perl's and Ruby's q(...), qw/.../, %q(...), %w[...]; Lua's [[...]]: one past
   what begins it, or i. */
static size_t other_literal(struct a407_span t, size_t i)
{
    size_t at = i + 1;
    char before = i > 0 ? t.p[i - 1] : ' ', c = t.p[i];
    if (c == '[' && at < t.n && (t.p[at] == '[' || t.p[at] == '='))
        return at + 1 < t.n && !memchr("0123456789-[]", t.p[at + 1], 13)
                   ? at + 1
                   : i;
    if (c == '$' && at < t.n && t.p[at] == '$') /* PostgreSQL's $$...$$ */
        return at + 1 < t.n ? at + 1 : i;
    if (c == '%' && at < t.n && memchr("qQwWiIx({[<", t.p[at], 11))
        at += a407_is_alnum(t.p[at]);
    else if (c != 'q' || a407_is_name_char(before) || before == '$')
        return i;
    else if (at < t.n && memchr("qwxr", t.p[at], 4))
        at++;
    return at + 1 < t.n && memchr("({[</|!#~,", t.p[at], 10) ? at + 1 : i;
}

/* The shell's quote that the text of a script at `at` began with; '\0': none
   or unknown. */
static char shell_quote(struct a407_span t, size_t at, bool whole)
{
    return !whole && at > 0 && a407_is_quote(t.p[at - 1]) ? t.p[at - 1] : '\0';
}

/*
 * Which literal is a secret can't be told, since the language is known by half.
 * So all behind the first one is hidden; its end is not looked for: a quote in
 * a comment would make the code and the literals change places.
 */
size_t a407_source_secret(struct a407_span t, size_t at, bool whole, size_t to)
{
    if (whole && at > 0 && a407_is_quote(t.p[at - 1]))
        at--; /* a literal is what the script begins with */
    else if (!whole && a407_is_quote(t.p[at]))
        at++;
    char open = shell_quote(t, at, whole);
    for (size_t i = at; i < t.n && i < to; i++) {
        size_t end = other_literal(t, i);
        if (end > i)
            return end;
        if (!whole && !open && a407_is_blank(t.p[i]))
            break;
        if (!a407_is_quote(t.p[i]))
            continue;
        if (t.p[i] == open && t.p[i - 1] != '\\') {
            bool ends = i + 1 == t.n || a407_is_blank(t.p[i + 1]) ||
                        memchr(";)&|]},", t.p[i + 1], 7);
            return ends ? t.n : i + 1;
        }
        end = harmless_literal(t, i);
        if (end == i)
            return i + 1;
        i = end - 1;
    }
    return t.n;
}

/* ---- header fields ---- */

/* Those that tell no more than what a client is and wants. */
static bool is_harmless(struct a407_span name)
{
    return a407_is_one_of_icase(
        name, "Accept Accept-Charset Accept-Encoding Accept-Language "
              "Cache-Control Connection Content-Encoding Content-Length "
              "Content-Type Date Expect Forwarded Host If-Match "
              "If-Modified-Since If-None-Match If-Range If-Unmodified-Since "
              "Keep-Alive Max-Forwards Metadata-Flavor Origin Pragma "
              "Prefer Proxy-Connection Range Referer TE Transfer-Encoding "
              "Upgrade Upgrade-Insecure-Requests User-Agent Via "
              "X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto "
              "X-HTTP-Method-Override X-Requested-With");
}

size_t a407_header_secret(struct a407_span t, size_t at, bool any)
{
    if (at < t.n && a407_is_quote(t.p[at]))
        at++;
    size_t end = at;
    while (end < t.n && end - at < 128 && t.p[end] != ':' &&
           (any || !a407_is_blank(t.p[end])) && !a407_is_quote(t.p[end]))
        end++;
    if (end + 1 >= t.n || end == at || t.p[end] != ':' ||
        a407_begins_at(t, end, "://") ||
        (!any && !a407_is_blank(t.p[end + 1])) ||
        is_harmless(a407_span(t.p + at, end - at)))
        return t.n;
    for (end++; end < t.n && a407_is_blank(t.p[end]); end++)
        ;
    return end;
}

/* ---- standard input ---- */

/* No further than that is looked for what reads a pipe. */
#define PIPE_MAX 1024u

static struct a407_span word_at(struct a407_span t, size_t i)
{
    size_t end = i;
    while (end < t.n && end - i < 64 && !a407_is_blank(t.p[end]) &&
           !a407_is_quote(t.p[end]) && !memchr(";|&)", t.p[end], 4))
        end++;
    return a407_span(t.p + i, end - i);
}

/* A word of a command that reads a secret, or something to be made one. */
static bool reads_secret(struct a407_span word, bool *sudo)
{
    if (a407_is_one_of(word, "su kinit login base64 gpg cryptsetup openssl "
                             "gpg2 --stdin"))
        return true;
    *sudo = *sudo || a407_span_eq(word, "sudo");
    bool takes_s = *sudo && word.n > 1 && word.p[0] == '-' &&
                   word.p[1] != '-' && memchr(word.p, 'S', word.n);
    return takes_s || a407_secret_name(word);
}

/* The pipe behind the command at i, or behind the group of commands that it is
   in: "(echo x; cat) |". Or t.n. */
static size_t find_pipe(struct a407_span t, size_t i)
{
    char quote = '\0', last = '\0';
    bool ended = false; /* that command */
    for (size_t end = t.n - i > PIPE_MAX ? i + PIPE_MAX : t.n; i < end; i++) {
        char c = t.p[i];
        if (quote ? c == quote : a407_is_quote(c))
            quote = quote ? '\0' : c;
        else if (!quote && c == '|' && i + 1 < t.n && t.p[i + 1] != '|' &&
                 (!ended || last == ')' || last == '}'))
            return i;
        else if (!quote && memchr(";&|", c, 3))
            ended = true;
        last = a407_is_blank(c) ? last : c;
    }
    return t.n;
}

size_t a407_piped_secret(struct a407_span t, size_t i)
{
    bool sudo = false, file = false;
    for (; i < t.n && memchr("<$({", t.p[i], 4); i++)
        file = file || t.p[i] == '<'; /* "<(echo x)" */
    struct a407_span name = word_at(t, i);
    if (!a407_is_one_of(name, "echo printf yes"))
        return t.n;
    size_t first = i + name.n, at = find_pipe(t, first);
    size_t end = t.n - at > PIPE_MAX ? at + PIPE_MAX : t.n;
    while (first < t.n && a407_is_blank(t.p[first]))
        first++;
    if (file)
        return first;
    while (at < end && t.p[at] != ';') {
        struct a407_span word = word_at(t, at);
        if (word.n && reads_secret(word, &sudo))
            return first;
        at += word.n ? word.n : 1;
    }
    return t.n;
}

size_t a407_here_secret(struct a407_span t, size_t i)
{
    if (!a407_begins_at(t, i, "<<"))
        return t.n;
    while (i < t.n && (t.p[i] == '<' || a407_is_blank(t.p[i])))
        i++;
    return i < t.n && a407_is_digit(t.p[i]) ? t.n : i;
}
