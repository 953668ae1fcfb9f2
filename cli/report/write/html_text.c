/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <time.h>

#include "core/base/text_put.h"
#include "html.h"

struct range {
    uint32_t first, last;
};

/*
 * Characters that are not to be seen but move what is: controls (C0, DEL, C1),
 * bidirectional ones (Unicode standard annex 9), joiners, separators of lines,
 * tags, variation selectors, and those that HTML does not allow.
 */
static const struct range unseen[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},
    {0x034f, 0x034f},   {0x061c, 0x061c},   {0x115f, 0x1160},
    {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},
    {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
    {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

/* Marks that are drawn over the character before: in large numbers, over the
   lines above and below. */
static const struct range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f},
};
#define COMBINING_MAX 3 /* on one character */

static bool is_in(uint32_t c, const struct range *ranges, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

bool a407_report_is_unseen(uint32_t c)
{
    return is_in(c, unseen, sizeof unseen / sizeof *unseen);
}

/* `marks` counts the combining ones in a row. */
static bool is_harmful(uint32_t c, size_t *marks)
{
    *marks = is_in(c, combining, sizeof combining / sizeof *combining)
                 ? *marks + 1
                 : 0;
    return *marks > COMBINING_MAX || (c & 0xfffe) == 0xfffe ||
           a407_report_is_unseen(c);
}

static const char *entity(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void a407_html_span(FILE *f, struct a407_span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0, marks = 0;

    while (i < s.n) {
        unsigned c;
        size_t len = a407_utf8_next(a407_span(s.p + i, s.n - i), &c);

        if (len == 0)
            fprintf(f, "\\x%02x", p[i]);
        else if (is_harmful(c, &marks))
            fprintf(f, c < 0x80 ? "\\x%02x" : "\\u{%04x}", c);
        else if (len == 1 && entity(c))
            fputs(entity(c), f);
        else
            fwrite(p + i, 1, len, f);
        i += len ? len : 1;
    }
}

void a407_html_text(FILE *f, const char *z)
{
    a407_html_span(f, a407_span_str(z));
}

void a407_html_text_lines(FILE *f, const char *z)
{
    for (;;) {
        size_t n = strcspn(z, "\n");

        a407_html_span(f, a407_span(z, n));
        if (!z[n])
            return;
        fputc('\n', f);
        z += n + 1;
    }
}

void a407_html_count(FILE *f, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n), i;

    for (i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            fputs("\xe2\x80\xaf", f); /* U+202F */
        fputc(digits[i], f);
    }
}

void a407_html_time(FILE *f, int64_t us)
{
    char utc[32], local[32];

    a407_report_time_utc(us, utc);
    a407_report_time_local(us, local);
    fprintf(f, "<time datetime=\"%s\">%s</time>", utc, local);
}

void a407_html_zone(int64_t us, char out[static 64])
{
    time_t t = (time_t)(us / 1000000);
    char name[32] = "";
    struct tm tm;
    long minutes;

    if (!localtime_r(&t, &tm)) {
        snprintf(out, 64, "UTC");
        return;
    }
    minutes = tm.tm_gmtoff / 60;
    strftime(name, sizeof name, "%Z", &tm);
    if (minutes == 0 && (strcmp(name, "UTC") == 0 || !*name))
        snprintf(out, 64, "UTC");
    else
        snprintf(out, 64, "%.31s (UTC%c%02ld:%02ld)", name,
                 minutes < 0 ? '-' : '+',
                 (minutes < 0 ? -minutes : minutes) / 60,
                 (minutes < 0 ? -minutes : minutes) % 60);
}

const enum a407_outcome a407_html_stack[A407_REPORT_OUTCOMES] = {
    A407_RESOLVED, A407_OBSERVED, A407_NOT_RETRIED, A407_UNRESOLVED};

const char *a407_html_class(enum a407_outcome o)
{
    static const char *const names[] = {"res", "unr", "obs", "not"};

    return names[o];
}

const char *a407_html_outcome(enum a407_outcome o)
{
    static const char *const names[] = {"resolved", "unresolved", "observed",
                                        "not\xc2\xa0retried"};

    return names[o];
}

void a407_html_outcomes(FILE *f, const uint64_t *count)
{
    const char *between = "";
    size_t i;

    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        if (count[i]) {
            fputs(between, f);
            a407_html_count(f, count[i]);
            fprintf(f, "\xc2\xa0%s", a407_html_outcome((enum a407_outcome)i));
            between = ", ";
        }
}

void a407_html_table(FILE *f, const char *id, const char *const *columns,
                     size_t n)
{
    size_t i;

    fprintf(f,
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
            "aria-labelledby=\"h-%s\">\n<table role=\"table\">\n"
            "<thead role=\"rowgroup\"><tr role=\"row\">",
            id);
    for (i = 0; i < n; i++) {
        bool number = columns[i][0] == '#';

        fprintf(f, "<th scope=\"col\" role=\"columnheader\"%s>%s</th>",
                number ? " class=\"n\"" : "", columns[i] + number);
    }
    fputs("</tr></thead>\n<tbody role=\"rowgroup\">\n", f);
}

void a407_html_table_end(FILE *f)
{
    fputs("</tbody>\n</table>\n</div>\n", f);
}

static void put_class(FILE *f, const char *class)
{
    if (*class)
        fprintf(f, " class=\"%s\"", class);
    fputc('>', f);
}

void a407_html_row(FILE *f, const char *class)
{
    fputs("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"", f);
    put_class(f, class);
}

void a407_html_cell(FILE *f, const char *label, const char *class)
{
    fprintf(f, "<td role=\"cell\" data-label=\"%s\"", label);
    put_class(f, class);
}

void a407_html_more(FILE *f, uint64_t n)
{
    if (n == 0)
        return;
    fputs("<p class=\"more\">and ", f);
    a407_html_count(f, n);
    fputs(" more: <code>--all</code> shows them</p>\n", f);
}
