/* SPDX-License-Identifier: MIT */
#include "write.h"

#include "core/base/text.h"

/* Default_Ignorable_Code_Point (Unicode standard annex 44), controls (C0, DEL,
   C1), separators of lines, and those that HTML does not allow. */
static const struct {
    unsigned first, last;
} unseen[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},
    {0x034f, 0x034f},   {0x061c, 0x061c},   {0x115f, 0x1160},
    {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},
    {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
    {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool a407_report_is_unseen(unsigned c)
{
    size_t i;

    for (i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if (c >= unseen[i].first && c <= unseen[i].last)
            return true;
    return false;
}

/* The C1 control that z begins with, in UTF-8; 0: none. */
static unsigned c1_at(const char *z, size_t n)
{
    unsigned char first = (unsigned char)z[0];
    unsigned char next = n > 1 ? (unsigned char)z[1] : 0;

    return first == 0xc2 && next >= 0x80 && next < 0xa0 ? next : 0;
}

void a407_report_json_text(FILE *f, const char *z)
{
    struct a407_buf out;

    a407_buf_init(&out, (size_t)64 << 10);
    a407_json_string(&out, a407_span_str(z));
    if (!out.failed)
        fwrite(out.p, 1, out.n, f);
    else
        fputs("null", f);
    a407_buf_free(&out);
}

void a407_report_json_put(FILE *f, const char *json, size_t n)
{
    const char *end = json + n;

    for (; json < end; json++) {
        unsigned c1 = c1_at(json, (size_t)(end - json));

        if (c1 || *json == 0x7f)
            fprintf(f, "\\u%04x", c1 ? c1 : 0x7f);
        else
            fputc(*json, f);
        json += c1 != 0;
    }
}

static bool is_blank(unsigned c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

/* The first character that shows decides: imports may take away blanks, byte
   order marks and bytes that are no UTF-8, and fold full-width and small forms.
 */
static bool is_formula(const char *z)
{
    static const unsigned marks[] = {'=',    '+',    '-',    '@',    0x2212,
                                     0xfe62, 0xfe63, 0xfe66, 0xfe6b, 0xff0b,
                                     0xff0d, 0xff1d, 0xff20};
    struct a407_span s = a407_span_str(z);

    while (s.n) {
        unsigned c;
        size_t i, len = a407_utf8_next(s, &c);

        for (i = 0; len && i < sizeof marks / sizeof *marks; i++)
            if (c == marks[i])
                return true;
        if (len && !is_blank(c) && !a407_report_is_unseen(c))
            return false;
        s = a407_span(s.p + (len ? len : 1), s.n - (len ? len : 1));
    }
    return false;
}

void a407_report_csv_text(FILE *f, const char *z)
{
    size_t n = strlen(z);

    fputs(is_formula(z) ? "\"'" : "\"", f);
    for (; n; z++, n--) {
        unsigned c1 = c1_at(z, n);
        unsigned char c = (unsigned char)*z;

        if (c1 || (c < 0x20 && c != '\n') || c == 0x7f)
            fprintf(f, "\\x%02x", c1 ? c1 : c);
        else
            fprintf(f, c == '"' ? "\"\"" : "%c", c);
        z += c1 != 0;
        n -= c1 != 0;
    }
    fputc('"', f);
}
