/* SPDX-License-Identifier: MIT */
/* Base64: there and back for every length, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/base64.h"
#include "unit.h"

TEST(round_trip)
{
    char raw[70], back[128];
    for (size_t n = 0; n <= sizeof raw; n++) {
        struct a407_buf text, bytes;
        size_t room = sizeof back;
        for (size_t i = 0; i < n; i++)
            raw[i] = (char)(i * 37 + n);
        a407_buf_init(&text, A407_BASE64_TEXT(n));
        a407_buf_init(&bytes, A407_BASE64_RAW(A407_BASE64_TEXT(n)));
        assert_true(a407_base64_add(&text, a407_span(raw, n)));
        assert_int_equal(text.n, A407_BASE64_TEXT(n));
        struct a407_span t = a407_span(text.n ? text.p : "", text.n);
        assert_true(a407_base64_take(&bytes, t));
        assert_int_equal(bytes.n, n);
        assert_true(a407_base64_decode(t, back, &room));
        assert_int_equal(room, n);
        assert_memory_equal(back, raw, n);
        if (n)
            assert_memory_equal(bytes.p, raw, n);
        a407_buf_free(&text);
        a407_buf_free(&bytes);
    }
}

TEST(refused)
{
    struct a407_buf out;
    char room[3];
    size_t n = sizeof room;
    a407_buf_init(&out, 8);
    assert_true(a407_buf_str(&out, "x"));
    assert_false(a407_base64_take(&out, a407_span_str("YWI")));
    assert_false(a407_base64_take(&out, a407_span_str("Y!==")));
    assert_false(a407_base64_take(&out, a407_span_str("YWJjZGVmZ2hp")));
    assert_int_equal(out.n, 1);
    assert_false(out.failed);
    assert_false(a407_base64_add(&out, a407_span_str("abcdefg")));
    assert_true(out.failed);
    a407_buf_free(&out);
    /* others send it without padding; what has no room is not touched */
    assert_true(a407_base64_decode(a407_span_str("YWI"), room, &n));
    assert_int_equal(n, 2);
    n = sizeof room;
    assert_false(a407_base64_decode(a407_span_str("YWJjZA=="), room, &n));
    n = sizeof room;
    assert_false(a407_base64_decode(a407_span(NULL, 0), room, &n));
}
