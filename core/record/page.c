/* SPDX-License-Identifier: MIT */
#include "words.h"

#include "core/base/text.h"

/* Text that is written. */
struct text {
    char *p;
    size_t n, cap;
    char block; /* what is written between two blocks */
    char gap;   /* what comes before the next character; 0: nothing */
};

static void put_gap(struct text *t, char c)
{
    if (t->n && t->gap != t->block)
        t->gap = c;
}

static void put_char(struct text *t, const char *p, size_t n, unsigned c)
{
    bool line = c == 0x2028 || c == 0x2029;
    if (c <= ' ' || (c >= 0x7f && c <= 0xa0) || line) {
        put_gap(t, ' ');
        return;
    }
    if (a407_is_control(c))
        return; /* not seen, and no end of a word */
    if (t->n + (t->gap != 0) + n >= t->cap) {
        t->cap = t->n + 1; /* full: nothing that is shorter comes behind */
        return;
    }
    if (t->gap)
        t->p[t->n++] = t->gap;
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->gap = 0;
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

/* The names of U+00A0 to U+00FF (HTML 4, section 24.2), in their order. */
static const char latin1[] =
    "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy "
    "reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm "
    "raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring "
    "AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde "
    "Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml "
    "Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil "
    "egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve "
    "oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute "
    "thorn yuml";

static unsigned named(struct a407_span name)
{
    static const struct {
        char name[8];
        char c;
    } marks[] = {{"amp", '&'},   {"lt", '<'},     {"gt", '>'},    {"quot", '"'},
                 {"apos", '\''}, {"rsquo", '\''}, {"lsquo", '\''}};
    struct a407_span list = a407_span_str(latin1), one;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (a407_span_eq(name, marks[i].name))
            return (unsigned)marks[i].c;
    for (unsigned c = 0xa0; a407_span_cut(&list, ' ', &one); c++)
        if (one.n == name.n && memcmp(one.p, name.p, name.n) == 0)
            return c;
    return 0;
}

/* A character reference behind its "&" (HTML, section 13.5); 0: none that is
   known. */
static unsigned reference(struct a407_span name)
{
    unsigned c = 0, base = 10;
    if (!a407_span_begins(name, "#"))
        return named(name);
    if (name.n < 2 || name.n > 8)
        return 0;
    a407_span_take(&name);
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
    else if ((unsigned char)s.p[0] >= 0xa0) /* what is no UTF-8 is Latin-1 */
        put_code(t, (unsigned char)s.p[0]);
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

/* Within a sentence. */
static bool is_inline(struct a407_span name)
{
    static const char all[][8] = {
        "a",      "abbr", "b",    "big", "code", "em",   "font",  "i",
        "kbd",    "mark", "nobr", "q",   "s",    "samp", "small", "span",
        "strong", "sub",  "sup",  "tt",  "u",    "var",  "wbr"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (a407_span_ieq(name, all[i]))
            return true;
    return false;
}

/* What follows markup that s begins with: a tag, or all that nobody reads. */
static struct a407_span behind_markup(struct text *t, struct a407_span s)
{
    static const char unread[][2][12] = {{"script", "</script"},
                                         {"style", "</style"},
                                         {"title", "</title"},
                                         {"head", "</head"},
                                         {"noscript", "</noscript"}};
    if (a407_span_begins(s, "<!--")) {
        put_gap(t, ' ');
        return behind(a407_span_skip(s, 4), "-->");
    }
    struct a407_span rest = a407_span_skip(s, s.p[1] == '/' ? 2 : 1),
                     name = a407_span_run(&rest, a407_is_alnum);
    put_gap(t, is_inline(name) ? ' ' : t->block);
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        if (s.p[1] != '/' && a407_span_ieq(name, unread[i][0]))
            rest = behind(rest, unread[i][1]);
    return behind(rest, ">");
}

static bool is_markup(struct a407_span s)
{
    return s.n > 1 && s.p[0] == '<' &&
           (a407_is_alpha(s.p[1]) || memchr("/!?", s.p[1], 3));
}

void a407_page_text(struct a407_span page, char block, char *out, size_t cap)
{
    struct text t = {.p = out, .cap = cap, .block = block};
    while (page.n && t.n + 1 < t.cap)
        page = is_markup(page) ? behind_markup(&t, page) : take_char(&t, page);
    out[t.n] = '\0';
}
