/* SPDX-License-Identifier: MIT */
#include "term.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "core/base/text.h"

#define WIDTH_DEFAULT 80
#define WIDTH_LEAST   40 /* below, cutting helps nobody */
#define WIDTH_MOST    300

size_t a407_term_columns(int fd)
{
    const char *given = getenv("COLUMNS");
    long v = given ? strtol(given, NULL, 10) : 0;
    struct winsize size;

    if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
        v = size.ws_col;
    if (v <= 0)
        v = WIDTH_DEFAULT;
    return v < WIDTH_LEAST  ? WIDTH_LEAST
           : v > WIDTH_MOST ? WIDTH_MOST
                            : (size_t)v;
}

void a407_term_init(struct a407_term *t, FILE *f, enum a407_term_color color)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    t->f = f;
    t->width = a407_term_columns(fileno(f));
    t->whole = false;
    t->color = color == A407_COLOR_ALWAYS ||
               (color == A407_COLOR_AUTO && isatty(fileno(f)) && !(no && *no) &&
                !(term && strcmp(term, "dumb") == 0));
}

void a407_term_style(const struct a407_term *t, enum a407_style s)
{
    static const char *const codes[] = {"0", "1", "2", "31", "32"};

    if (t->color)
        fprintf(t->f, "\033[%sm", codes[s]);
}

void a407_term_styled(const struct a407_term *t, enum a407_style s,
                      const char *text)
{
    a407_term_style(t, s);
    fputs(text, t->f);
    a407_term_style(t, A407_PLAIN);
}

void a407_term_heading(const struct a407_term *t, const char *text)
{
    fputc('\n', t->f);
    a407_term_styled(t, A407_BOLD, text);
    fputc('\n', t->f);
}

/* One character, or a byte that is none. */
struct piece {
    size_t n;       /* bytes of the text */
    char shown[12]; /* what is written */
    size_t width;   /* columns that it takes */
};

#define MARKS_MAX 3 /* drawn over one character */

/* The next piece of z, which is not at its end. `marks` counts the combining
   ones in a row: in large numbers they cover the lines around. */
static struct piece next(const char *z, size_t *marks)
{
    struct piece p;
    unsigned c;
    int width;

    memset(&p, 0, sizeof p);
    p.n = a407_utf8_next(a407_span(z, strnlen(z, 4)), &c);
    if (p.n == 0 || c < 0x20 || c == 0x7f) {
        p.n = 1;
        p.width = (size_t)snprintf(p.shown, sizeof p.shown, "\\x%02x",
                                   (unsigned char)*z);
        return p;
    }
    /* other terminals show UTF-8 as something else */
    width = c < 0x7f ? 1 : -1;
    if (c > 0x7f && strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        width = wcwidth((wchar_t)c);
    *marks = width == 0 ? *marks + 1 : 0;
    if (width < 0 || *marks > MARKS_MAX || a407_is_control(c)) {
        p.width = (size_t)snprintf(p.shown, sizeof p.shown, "\\u{%x}", c);
        return p;
    }
    memcpy(p.shown, z, p.n);
    p.width = (size_t)width;
    return p;
}

/* Writes (unless f is NULL) what of the first n bytes of z takes at most `most`
   columns: so many bytes, and their columns in *width. */
static size_t walk(FILE *f, const char *z, size_t n, size_t most, size_t *width)
{
    size_t at = 0, marks = 0;

    for (*width = 0; at < n;) {
        struct piece p = next(z + at, &marks);

        if (*width + p.width > most)
            break;
        if (f)
            fputs(p.shown, f);
        *width += p.width;
        at += p.n;
    }
    return at;
}

void a407_term_put(const struct a407_term *t, const char *z)
{
    size_t width;

    walk(t->f, z, strlen(z), SIZE_MAX, &width);
}

bool a407_term_shows(const char *z)
{
    size_t marks = 0;

    while (*z) {
        struct piece p = next(z, &marks);

        if (strncmp(z, p.shown, p.n) != 0 || p.shown[p.n])
            return false;
        z += p.n;
    }
    return true;
}

size_t a407_term_width(const char *z)
{
    size_t width;

    walk(NULL, z, strlen(z), SIZE_MAX, &width);
    return width;
}

/* Where the last bytes of z begin that take at most `most` columns. */
static const char *tail_of(const char *z, size_t most)
{
    size_t width = a407_term_width(z), marks = 0;

    while (*z && width > most) {
        struct piece p = next(z, &marks);

        width -= p.width;
        z += p.n;
    }
    return z;
}

void a407_term_cell(const struct a407_term *t, const char *z, size_t room,
                    bool pad)
{
    size_t n = strlen(z), width, rest;

    if (a407_term_width(z) > room && room > 8) {
        /* the end of a path tells more than its beginning */
        walk(t->f, z, n, (room - 3) / 3, &width);
        fputs("...", t->f);
        z = tail_of(z, room - 3 - width);
        walk(t->f, z, strlen(z), SIZE_MAX, &rest);
        width += 3 + rest;
    } else {
        walk(t->f, z, n, room, &width);
    }
    for (; pad && width < room; width++)
        fputc(' ', t->f);
}

/* A word that no line holds is broken where the line ends, or is whole. */
static size_t put_word(const struct a407_term *t, const char *word, size_t n,
                       size_t at, size_t indent)
{
    size_t width, done;

    for (;;) {
        size_t most = at < t->width ? t->width - at : 0;

        done = walk(t->f, word, n, t->whole ? SIZE_MAX : most, &width);
        word += done;
        n -= done;
        at += width;
        if (n == 0)
            return at;
        fprintf(t->f, "\n%*s", (int)indent, "");
        at = indent;
    }
}

void a407_term_wrap(const struct a407_term *t, const char *text, size_t at,
                    size_t indent)
{
    bool first = true;

    while (*text) {
        size_t n = strcspn(text, " \n"), width;

        walk(NULL, text, n, SIZE_MAX, &width);
        if (!first && at + 1 + width > t->width) {
            fprintf(t->f, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', t->f);
            at++;
        }
        at = put_word(t, text, n, at, indent);
        first = false;
        text += n + strspn(text + n, " \n");
    }
    fputc('\n', t->f);
}

void a407_term_say(const struct a407_term *t, size_t at, size_t indent,
                   const char *fmt, ...)
{
    char text[4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fprintf(t->f, "%*s", (int)at, "");
    a407_term_wrap(t, text, at, indent);
}
