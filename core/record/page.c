/* SPDX-License-Identifier: MIT */
#include "words.h"

#include "core/base/text.h"

/* Text that is written, with one blank wherever something was between. */
struct text {
    char *p;
    size_t n, cap;
    bool blank;
};

static void put_char(struct text *t, const char *p, size_t n, unsigned c)
{
    if (c == ' ' || a407_is_control(c) || c == 0xa0) {
        t->blank = t->n > 0;
        return;
    }
    if (t->n + t->blank + n >= t->cap) {
        t->cap = t->n + 1; /* full: nothing that is shorter comes behind */
        return;
    }
    if (t->blank)
        t->p[t->n++] = ' ';
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->blank = false;
}

static void put_code(struct text *t, unsigned c)
{
    char utf16[4], utf8[8];
    bool pair = c > 0xffff;
    unsigned high = pair ? 0xd800 + ((c - 0x10000) >> 10) : c;
    unsigned low = 0xdc00 + (c & 0x3ff);
    if (!c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return;
    utf16[0] = (char)high;
    utf16[1] = (char)(high >> 8);
    utf16[2] = (char)low;
    utf16[3] = (char)(low >> 8);
    a407_put_utf16(utf8, sizeof utf8, a407_span(utf16, pair ? 4 : 2));
    put_char(t, utf8, strlen(utf8), c);
}

static bool is_reference_char(char c)
{
    return a407_is_alnum(c) || c == '#';
}

/* A character reference behind its "&" (HTML, section 13.5); 0: none that is
   known. */
static unsigned reference(struct a407_span name)
{
    static const struct {
        char name[8];
        unsigned char c;
    } named[] = {{"amp", '&'},    {"lt", '<'},     {"gt", '>'},
                 {"quot", '"'},   {"apos", '\''},  {"nbsp", ' '},
                 {"rsquo", '\''}, {"lsquo", '\''}, {"copy", 0xa9}};
    unsigned c = 0, base = 10;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (a407_span_eq(name, named[i].name))
            return named[i].c;
    if (name.n < 2 || name.n > 8 || a407_span_take(&name) != '#')
        return 0;
    if (a407_lower(name.p[0]) == 'x') {
        base = 16;
        a407_span_take(&name);
    }
    for (; name.n; a407_span_take(&name)) {
        int v = a407_hex_value(name.p[0]);
        if (v < 0 || v >= (int)base)
            return 0;
        c = c * base + (unsigned)v;
    }
    return c;
}

/* One character of text, or a reference to one. */
static struct a407_span take_char(struct text *t, struct a407_span s)
{
    unsigned c;
    size_t n = a407_utf8_next(s, &c);
    if (s.p[0] == '&') {
        struct a407_span rest = a407_span_skip(s, 1),
                         name = a407_span_run(&rest, is_reference_char);
        unsigned code = reference(name);
        if (code) {
            put_code(t, code);
            return rest.n && rest.p[0] == ';' ? a407_span_skip(rest, 1) : rest;
        }
    }
    if (n)
        put_char(t, s.p, n, c);
    return a407_span_skip(s, n ? n : 1);
}

/* From behind the first `end`, in any case; empty without one. */
static struct a407_span behind(struct a407_span s, const char *end)
{
    size_t n = strlen(end);
    for (; s.n >= n; a407_span_take(&s))
        if (a407_span_ieq(a407_span(s.p, n), end))
            return a407_span_skip(s, n);
    return a407_span(s.p, 0);
}

/* What follows markup that s begins with: a tag, or all that nobody reads. */
static struct a407_span behind_markup(struct a407_span s)
{
    static const char unread[][2][12] = {{"script", "</script"},
                                         {"style", "</style"},
                                         {"title", "</title"},
                                         {"head", "</head"},
                                         {"noscript", "</noscript"}};
    if (a407_span_begins(s, "<!--"))
        return behind(a407_span_skip(s, 4), "-->");
    struct a407_span rest = a407_span_skip(s, 1),
                     name = a407_span_run(&rest, a407_is_alnum);
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        if (a407_span_ieq(name, unread[i][0]))
            rest = behind(rest, unread[i][1]);
    return behind(rest, ">");
}

static bool is_markup(struct a407_span s)
{
    return s.n > 1 && s.p[0] == '<' &&
           (a407_is_alpha(s.p[1]) || memchr("/!?", s.p[1], 3));
}

void a407_page_text(struct a407_span page, char *out, size_t cap)
{
    struct text t = {.p = out, .cap = cap};
    while (page.n) {
        if (is_markup(page)) {
            page = behind_markup(page);
            t.blank = t.n > 0;
        } else {
            page = take_char(&t, page);
        }
    }
    out[t.n] = '\0';
}
