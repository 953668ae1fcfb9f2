/* SPDX-License-Identifier: MIT */
#include "write.h"

#include "core/base/text.h"

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
        if (len && !is_blank(c) && !a407_is_control(c))
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
