/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <time.h>

#include "report_html.h"

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

static bool is_unseen(uint32_t c)
{
    size_t i;

    for (i = 0; i < sizeof unseen / sizeof unseen[0]; i++)
        if (c >= unseen[i].first && c <= unseen[i].last)
            return true;
    return (c & 0xfffe) == 0xfffe;
}

/*
 * The character at p of a well-formed sequence (Unicode, table 3-7) and its
 * length; 0: there is none.
 */
static size_t decode(const unsigned char *p, size_t n, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80             ? 1
                 : (p[0] & 0xe0) == 0xc0 ? 2
                 : (p[0] & 0xf0) == 0xe0 ? 3
                 : (p[0] & 0xf8) == 0xf0 ? 4
                                         : 0;
    size_t i;

    if (len == 0 || len > n)
        return 0;
    *c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (p[i] & 0x3f);
    }
    return *c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff)
               ? 0
               : len;
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
    size_t i = 0;

    while (i < s.n) {
        uint32_t c = 0;
        size_t len = decode(p + i, s.n - i, &c);

        if (len == 0)
            fprintf(f, "\\x%02x", p[i]);
        else if (is_unseen(c) && c < 0x80)
            fprintf(f, "\\x%02x", (unsigned)c);
        else if (is_unseen(c))
            fprintf(f, "\\u{%04x}", (unsigned)c);
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
                                        "not retried"};

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
            fprintf(f, " %s", a407_html_outcome((enum a407_outcome)i));
            between = ", ";
        }
}

void a407_html_more(FILE *f, uint64_t n)
{
    if (n == 0)
        return;
    fputs("<p class=\"more\">and ", f);
    a407_html_count(f, n);
    fputs(" more: <code>--all</code> shows them</p>\n", f);
}
