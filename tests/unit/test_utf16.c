/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629) to UTF-16 (RFC 2781), and upper case in no locale. */
#include "unit.h"

#include "core/base/text.h"

typedef bool converter(struct a407_buf *out, struct a407_span s);

/* From memory of exactly the text's size. NULL: it must be refused. */
static void check(converter *convert, const char *text, size_t n,
                  const char *want, size_t want_n)
{
    struct a407_buf out;
    char *copy = exact(text, n);
    a407_buf_init(&out, 4096);
    bool ok = convert(&out, a407_span(copy, n));
    assert_int_equal(ok, want != NULL);
    if (want) {
        assert_int_equal(out.n, want_n);
        assert_memory_equal(out.p ? out.p : "", want, want_n);
    }
    assert_false(out.failed);
    a407_buf_free(&out);
    free(copy);
}

#define SAME(text, want)                                                       \
    check(a407_utf16_add, text, sizeof text - 1, want, sizeof want - 1)
#define UPPER(text, want)                                                      \
    check(a407_utf16_add_upper, text, sizeof text - 1, want, sizeof want - 1)
#define REFUSED(text) check(a407_utf16_add, text, sizeof text - 1, NULL, 0)

TEST(units)
{
    SAME("", "");
    SAME("aZ\0~", "a\0Z\0\0\0~\0");
    SAME("\x7f\xc2\x80\xdf\xbf", "\x7f\0\x80\0\xff\x07");
    SAME("\xe0\xa0\x80\xed\x9f\xbf", "\0\x08\xff\xd7");
    SAME("\xee\x80\x80\xef\xbf\xbf", "\0\xe0\xff\xff");
    /* RFC 2781 section 2.1: U+10000 is D800 DC00, U+10FFFF is DBFF DFFF */
    SAME("\xf0\x90\x80\x80", "\0\xd8\0\xdc");
    SAME("\xf4\x8f\xbf\xbf", "\xff\xdb\xff\xdf");
    SAME("\xf0\x9f\x98\x80", "\x3d\xd8\0\xde");
}

/* RFC 3629 section 4: overlong forms, surrogates, too large, cut off. */
TEST(refused)
{
    REFUSED("\x80");
    REFUSED("\xc0\x80");
    REFUSED("\xc1\xbf");
    REFUSED("\xe0\x9f\xbf");
    REFUSED("\xed\xa0\x80");
    REFUSED("\xed\xbf\xbf");
    REFUSED("\xf0\x8f\xbf\xbf");
    REFUSED("\xf4\x90\x80\x80");
    REFUSED("\xf5\x80\x80\x80");
    REFUSED("\xfe");
    REFUSED("a\xff");
    REFUSED("\xc3");
    REFUSED("\xe2\x82");
    REFUSED("\xf0\x9f\x98");
    REFUSED("\xc3(");
    REFUSED("\xe2(\x82");
    REFUSED("\xe2\x82(");
    REFUSED("\xf0\x9f\x98(");
}

TEST(upper)
{
    UPPER("user-9", "U\0S\0E\0R\0-\0009\0");
    UPPER("\xc3\xa4\xc3\xb6\xc3\xbc", "\xc4\0\xd6\0\xdc\0"); /* aou-umlaut */
    UPPER("\xc3\x84", "\xc4\0");
    UPPER("\xc3\xbf", "\x78\x01"); /* y with diaeresis */
    UPPER("\xce\xb1\xcf\x83\xcf\x82", "\x91\x03\xa3\x03\xa3\x03"); /* Greek */
    UPPER("\xd0\xb6\xd1\x91", "\x16\x04\x01\x04"); /* Cyrillic */
    UPPER("\xef\xbd\x81", "\x21\xff");             /* a full-width a */
    UPPER("\xf0\x9f\x98\x80", "\x3d\xd8\0\xde");
    /* U+10428 has an upper-case form; what is beyond the BMP keeps its own */
    UPPER("\xf0\x90\x90\xa8", "\x01\xd8\x28\xdc");
}

/* What Windows leaves as it is: sharp s, dotless i, long s, micro, division,
   and letters that are younger than its table. */
TEST(kept)
{
    static const uint16_t kept[] = {0xdf,   0x131,  0x17f,  0xb5,
                                    0xf7,   0x10d0, 0xab70, 0xa641,
                                    0x2d2d, 0x3f3,  0x149,  0xffff};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_int_equal(a407_utf16_upper(kept[i]), kept[i]);
    assert_int_equal(a407_utf16_upper(0x219), 0x218); /* Romanian s */
}

/* Over all units: idempotent, and as many mapped as the table should hold. */
TEST(table)
{
    unsigned mapped = 0;
    for (unsigned c = 0; c <= 0xffff; c++) {
        uint16_t upper = a407_utf16_upper((uint16_t)c);
        assert_int_equal(a407_utf16_upper(upper), upper);
        mapped += upper != c;
        if (c < 0x80) {
            unsigned want = c >= 'a' && c <= 'z' ? c - 32 : c;
            assert_int_equal(upper, want);
        }
    }
    assert_int_equal(mapped, 874);
}

/* A text that does not fit is told from one that is malformed. */
TEST(full)
{
    struct a407_buf out;
    a407_buf_init(&out, 5);
    assert_false(a407_utf16_add(&out, a407_span_str("abc")));
    assert_true(out.failed);
    a407_buf_free(&out);
}
