/* SPDX-License-Identifier: MIT */
#include "core/http/http.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct payload {
    char p[256];
    size_t n;
};

static void collect(void *ctx, const char *p, size_t n)
{
    struct payload *to = ctx;
    assert_true(n > 0 && n <= sizeof to->p - to->n);
    memcpy(to->p + to->n, p, n);
    to->n += n;
}

/* A chunked body that is whole, and its content (RFC 9112 section 7.1). */
struct good {
    const char *wire;
    const char *content;
};

static const struct good good[] = {
    {"0\r\n\r\n", ""},
    {"0\n\n", ""},
    {"000\r\n\r\n", ""},
    {"5\r\nhello\r\n0\r\n\r\n", "hello"},
    {"5\nhello\n0\n\n", "hello"},
    {"5\nhello\r\n0\n\r\n", "hello"},
    {"5\r\nhello\n0\r\n\n", "hello"},
    {"5\r\nhello\r\n1\r\n \r\n2\r\nyo\r\n0\r\n\r\n", "hello yo"},
    {"0005\r\nhello\r\n0\r\n\r\n", "hello"},
    {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
    {"a\r\n0123456789\r\nB\r\n0123456789x\r\n0\r\n\r\n",
     "01234567890123456789x"},
    {"1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
     "abcdefghijklmnopqrstuvwxyz"},
    /* content that looks like framing */
    {"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"},
    {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
    /* blanks after the size, as some servers pad it */
    {"5   \r\nhello\r\n0 \t\r\n\r\n", "hello"},
    /* chunk extensions (section 7.1.1) */
    {"5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello"},
    {"5 ; a = b ; c\nhello\r\n0\r\n\r\n", "hello"},
    {"5;a=\"x;\\\"y\\\\\"\r\nhello\r\n0;b=\"\"\r\n\r\n", "hello"},
    {"5;\r\nhello\r\n0;;\r\n\r\n", "hello"},
    /* trailers (section 7.1.2) */
    {"0\r\nA: b\r\n\r\n", ""},
    {"0\nA: b\nC: d\n\n", ""},
    {"0\r\nA: b\nC: d\r\n folded\r\n\n", ""},
    {"1\r\nx\r\n0\r\nExpires: \"never\r\n\r\n", "x"},
};

/* The last byte of `wire` breaks the framing; the one before did not. */
static const char *const broken[] = {
    "\r",
    "\n",
    " ",
    ";",
    "g",
    "x",
    "-",
    "+",
    "\xff",
    "0x",
    "5,",
    "5\"",
    "5 5",
    "5 a",
    "5\rh",
    "5\r\r",
    "5;a\rb",
    "5;a\r\r",
    "5;\"a\n",
    "5;\"a\r",
    "5;\"a\\\n",
    "5;\"a\\\r",
    "5\r\nhello!",
    "5\r\nhello\rx",
    "5\r\nhello\r\r",
    "5\r\nhello\r\n\r",
    "5\nhello\n\n",
    "5\nhello0",
    "1\r\nx\r\n ",
    "00000000000000000",
    "10000000000000000",
    "fffffffffffffffff",
    "0\r\r",
    "0\r\n\rA",
    "0\r\n\r\r",
    "0\r\nA: b\rC",
    "0\r\nA: b\r\n\rC",
};

/* Feeds wire[0..n) in pieces that end at i and j; returns what was taken. */
static size_t feed_parts(struct a407_body *b, const char *wire, size_t i,
                         size_t j, size_t n, struct payload *to)
{
    size_t cut[] = {0, i, j, n};
    size_t taken = 0;
    for (size_t k = 1; k < COUNT(cut); k++) {
        char *p = exact(wire + cut[k - 1], cut[k] - cut[k - 1]);
        taken += a407_body_feed_to(b, p, cut[k] - cut[k - 1],
                                   to ? collect : NULL, to);
        free(p);
    }
    return taken;
}

/* Every division in up to three pieces, with bytes of the next message. */
TEST(chunked_splits)
{
    for (size_t t = 0; t < COUNT(good); t++) {
        char wire[128];
        size_t end = strlen(good[t].wire);
        strcpy(wire, good[t].wire);
        strcat(wire, "5\r\nHTTP/1.1 200");
        size_t n = strlen(wire);
        for (size_t i = 0; i <= n; i++) {
            for (size_t j = i; j <= n; j++) {
                struct a407_body b;
                struct payload to = {.n = 0};
                a407_body_init(&b, A407_BODY_CHUNKED, 0);
                assert_int_equal(feed_parts(&b, wire, i, j, n, &to), end);
                assert_true(b.done && !b.bad);
                assert_int_equal(to.n, strlen(good[t].content));
                assert_memory_equal(to.p, good[t].content, to.n);
                a407_body_init(&b, A407_BODY_CHUNKED, 0);
                assert_int_equal(feed_parts(&b, wire, i, j, n, NULL), end);
                assert_true(b.done && !b.bad);
            }
        }
    }
}

/* Byte by byte: done with the last one, and never too much promised. */
TEST(chunked_bytes)
{
    for (size_t t = 0; t < COUNT(good); t++) {
        size_t n = strlen(good[t].wire);
        struct a407_body b;
        a407_body_init(&b, A407_BODY_CHUNKED, 0);
        for (size_t i = 0; i < n; i++) {
            assert_false(b.done);
            uint64_t sure = a407_body_sure(&b);
            assert_true(sure >= 1 && sure <= n - i);
            char *p = exact(good[t].wire + i, 1);
            assert_int_equal(a407_body_feed(&b, p, 1), 1);
            free(p);
            assert_false(b.bad);
        }
        assert_true(b.done);
        assert_int_equal(a407_body_sure(&b), 0);
        assert_int_equal(a407_body_feed(&b, "x", 1), 0);
    }
}

/* Reading no more than what is sure reaches the end and not a byte more. */
TEST(chunked_bounded)
{
    for (size_t t = 0; t < COUNT(good); t++) {
        size_t n = strlen(good[t].wire), at = 0;
        struct a407_body b;
        a407_body_init(&b, A407_BODY_CHUNKED, 0);
        while (!b.done) {
            size_t k = (size_t)a407_body_sure(&b);
            assert_true(k > 0 && k <= n - at);
            assert_int_equal(a407_body_feed(&b, good[t].wire + at, k), k);
            at += k;
        }
        assert_int_equal(at, n);
    }
}

/* In the shortest body there can be, all the rest is sure once a size is. */
TEST(chunked_sure)
{
    static const char wire[] = "5\nhello\n0\n\n";
    struct a407_body b;
    a407_body_init(&b, A407_BODY_CHUNKED, 0);
    assert_int_equal(a407_body_sure(&b), 3);
    for (size_t i = 0; i < sizeof wire - 1; i++) {
        a407_body_feed(&b, wire + i, 1);
        /* After a chunk's line end another chunk may come, or the last. */
        assert_int_equal(a407_body_sure(&b), sizeof wire - 2 - i);
    }
    /* The largest size must not wrap. */
    a407_body_init(&b, A407_BODY_CHUNKED, 0);
    assert_int_equal(a407_body_feed(&b, "ffffffffffffffff", 16), 16);
    assert_false(b.bad);
    assert_true(a407_body_sure(&b) == UINT64_MAX);
    assert_int_equal(a407_body_feed(&b, "\nabc", 4), 4);
    assert_false(b.bad);
    assert_true(b.left == UINT64_MAX - 3);
    assert_true(a407_body_sure(&b) >= b.left);
}

/* Passed over by number it ends where it ends when it is fed. */
TEST(skip)
{
    static const enum a407_body_kind kinds[] = {A407_BODY_CHUNKED,
                                                A407_BODY_LENGTH};
    for (size_t t = 0; t < 2 * COUNT(good); t++) {
        const char *wire = good[t / 2].wire;
        size_t n = strlen(wire), skipped = 0;
        struct a407_body b;
        a407_body_init(&b, kinds[t % 2], n);
        for (size_t i = 0; i < n;) {
            struct a407_body fed = b;
            size_t k = (size_t)a407_body_skippable(&b);
            assert_true(k < a407_body_sure(&b));
            assert_int_equal(a407_body_feed(&fed, wire + i, k), k);
            a407_body_skip(&b, k);
            assert_true(fed.left == b.left && fed.state == b.state);
            assert_false(b.done || a407_body_skippable(&b));
            i += k;
            skipped += k;
            assert_int_equal(a407_body_feed(&b, wire + i++, 1), 1);
        }
        assert_true(b.done && (skipped || kinds[t % 2] == A407_BODY_CHUNKED));
    }
    struct a407_body b;
    a407_body_init(&b, A407_BODY_CLOSE, 0);
    a407_body_skip(&b, 1u << 30);
    assert_true(a407_body_skippable(&b) == UINT64_MAX && !b.done);
    a407_body_init(&b, A407_BODY_NONE, 0);
    assert_true(a407_body_skippable(&b) == 0);
}

/* The prefix is taken, the last byte is not; then all is, unread. */
TEST(chunked_broken)
{
    for (size_t t = 0; t < COUNT(broken); t++) {
        size_t n = strlen(broken[t]);
        for (size_t i = 0; i < n; i++) {
            struct a407_body b;
            a407_body_init(&b, A407_BODY_CHUNKED, 0);
            assert_int_equal(feed_parts(&b, broken[t], i, i, n - 1, NULL),
                             n - 1);
            if (b.bad)
                fail_msg("\"%s\" is bad too early", broken[t]);
            char *p = exact(broken[t], n);
            assert_int_equal(a407_body_feed(&b, p + n - 1, 1), 1);
            free(p);
            if (!b.bad || b.done)
                fail_msg("\"%s\" is not bad", broken[t]);
            assert_int_equal(a407_body_sure(&b), 0);
            assert_int_equal(a407_body_feed(&b, "0\r\n\r\n", 5), 5);
            assert_true(b.bad && !b.done);
        }
        /* In one piece, with more behind it: all of it, as it says. */
        struct a407_body b;
        char more[64];
        strcpy(more, broken[t]);
        strcat(more, "0\r\n\r\n");
        a407_body_init(&b, A407_BODY_CHUNKED, 0);
        assert_int_equal(a407_body_feed(&b, more, n + 5), n + 5);
        assert_true(b.bad && !b.done);
    }
}

/* RFC 9112 section 6.2. */
TEST(length)
{
    static const char wire[] = "helloHTTP";
    for (size_t i = 0; i <= 9; i++) {
        for (size_t j = i; j <= 9; j++) {
            struct a407_body b;
            struct payload to = {.n = 0};
            a407_body_init(&b, A407_BODY_LENGTH, 5);
            assert_false(b.done);
            assert_int_equal(a407_body_sure(&b), 5);
            assert_int_equal(feed_parts(&b, wire, i, j, 9, &to), 5);
            assert_true(b.done && !b.bad);
            assert_int_equal(a407_body_sure(&b), 0);
            assert_int_equal(to.n, 5);
            assert_memory_equal(to.p, "hello", 5);
        }
    }
    struct a407_body b;
    a407_body_init(&b, A407_BODY_LENGTH, 5);
    assert_int_equal(a407_body_feed(&b, wire, 4), 4);
    assert_false(b.done);
    assert_int_equal(a407_body_sure(&b), 1);
    struct a407_body copy = b;
    assert_int_equal(a407_body_feed(&copy, wire + 4, 5), 1);
    assert_true(copy.done && !b.done);
    a407_body_init(&b, A407_BODY_LENGTH, UINT64_MAX);
    assert_int_equal(a407_body_feed(&b, wire, 9), 9);
    assert_true(a407_body_sure(&b) == UINT64_MAX - 9);
}

TEST(none)
{
    struct a407_body b;
    a407_body_init(&b, A407_BODY_NONE, 7);
    assert_true(b.done);
    assert_int_equal(a407_body_sure(&b), 0);
    assert_int_equal(a407_body_feed(&b, "x", 1), 0);
    a407_body_init(&b, A407_BODY_LENGTH, 0);
    assert_true(b.done);
    assert_int_equal(a407_body_sure(&b), 0);
    assert_int_equal(a407_body_feed(&b, "x", 1), 0);
}

TEST(close)
{
    struct a407_body b;
    struct payload to = {.n = 0};
    a407_body_init(&b, A407_BODY_CLOSE, 0);
    assert_false(b.done);
    assert_true(a407_body_sure(&b) == UINT64_MAX);
    assert_int_equal(feed_parts(&b, "0\r\n\r\n", 1, 3, 5, &to), 5);
    assert_false(b.done || b.bad);
    assert_int_equal(to.n, 5);
    assert_int_equal(a407_body_feed(&b, NULL, 0), 0);
}
