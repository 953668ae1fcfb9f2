/* SPDX-License-Identifier: MIT */
/* What the join with a proxy's log stands on: targets, texts, sorting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "cli/report/access/internal.h"

static void test_targets(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"origin.test:443", "origin.test:443"},
        {"ORIGIN.test:443", "origin.test:443"},
        {"user:pass@origin.test:443", "origin.test:443"},
        {"[2001:DB8::1]:443", "[2001:db8::1]:443"},
        {"http://Origin.Test", "http://origin.test/"},
        {"HTTP://origin.test:80/A%20b", "http://origin.test/A%20b"},
        {"http://origin.test:8080/x?secret=1#f", "http://origin.test:8080/x"},
        {"http://origin.test/x?", "http://origin.test/x"},
        {"http://origin.test?x", "http://origin.test/"},
        {"http://user:XXXXXXXX@origin.test/a@b", "http://origin.test/a@b"},
        {"https://[::1]:443/", "https://[::1]/"},
        {"https://h:80/", "https://h:80/"},
        {"ftp://h:21", "ftp://h/"},
        {"http://h/x y\"z", "http://h/xy\"z"},
        {"", ""},
        {"*", "*"},
    };
    char out[A407_ACCESS_TARGET_MAX], huge[3 * A407_ACCESS_TARGET_MAX];
    size_t i, n;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        n = a407_access_target(a407_span_str(cases[i].in), out);
        if (n != strlen(cases[i].out) || memcmp(out, cases[i].out, n) != 0)
            fail_msg("%s: %.*s", cases[i].in, (int)n, out);
    }
    memset(huge, 'h', sizeof huge);
    memcpy(huge, "http://", 7);
    n = a407_access_target(a407_span(huge, sizeof huge), out);
    assert_int_equal(n, A407_ACCESS_TARGET_MAX);
}

static void test_texts(void **state)
{
    struct a407_access_texts t;
    struct a407_buf out;
    uint64_t refs[500];
    size_t i, k;
    char text[3000];

    (void)state;
    assert_true(a407_access_texts_open(&t));
    a407_buf_init(&out, A407_ACCESS_TEXT_MAX);
    for (k = 0; k < 2; k++) { /* written, read, and written again */
        for (i = k * 250; i < k * 250 + 250; i++) {
            memset(text, 'a' + (int)(i % 26), sizeof text);
            refs[i] = a407_access_texts_add(&t, a407_span(text, i * 6));
        }
        for (i = 0; i < k * 250 + 250; i += 7) {
            assert_true(a407_access_texts_read(&t, refs[i], &out));
            assert_int_equal(out.n, i * 6);
            assert_true(out.n == 0 || out.p[out.n - 1] == 'a' + (int)(i % 26));
        }
    }
    a407_buf_free(&out);
    a407_access_texts_close(&t);
}

static uint64_t sorted_sum(struct a407_access_sort *s, uint64_t n)
{
    struct a407_access_entry e, last = {0};
    uint64_t seen = 0, sum = 0;

    a407_access_sort_rewind(s);
    while (a407_access_sort_next(s, &e)) {
        assert_true(seen == 0 || e.key > last.key ||
                    (e.key == last.key && e.at_us >= last.at_us));
        last = e;
        sum += e.ref;
        seen++;
    }
    assert_int_equal(s->error, 0);
    assert_int_equal(seen, n);
    return sum;
}

/* In memory, in one run, and in so many that runs are merged into runs. */
static void test_sort(void **state)
{
    static const uint64_t sizes[] = {0,
                                     1,
                                     A407_ACCESS_RUN - 1,
                                     A407_ACCESS_RUN,
                                     A407_ACCESS_RUN + 1,
                                     A407_ACCESS_RUN * A407_ACCESS_FAN + 12345};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct a407_access_sort s;
        uint64_t n = sizes[i], k, x = 1, sum;

        assert_true(a407_access_sort_open(&s));
        for (k = 0; k < n; k++) {
            struct a407_access_entry e = {0};

            x = x * 6364136223846793005u + 1442695040888963407u;
            e.key = x >> 44; /* some are equal */
            e.at_us = (int64_t)(x >> 20 & 0xffff);
            e.ref = k;
            a407_access_sort_add(&s, &e);
        }
        assert_int_equal(s.count, n);
        sum = sorted_sum(&s, n);
        assert_int_equal(sum, n ? n * (n - 1) / 2 : 0);
        assert_int_equal(sorted_sum(&s, n), sum); /* a second pass */
        a407_access_sort_close(&s);
    }
}

static void test_median(void **state)
{
    struct a407_access_median *m = calloc(1, sizeof *m);
    int64_t i;

    (void)state;
    assert_non_null(m);
    assert_int_equal(a407_access_median(m), 0);
    for (i = 0; i < 100000; i++)
        a407_access_median_add(m, i * 7919 % 100000); /* each once */
    i = a407_access_median(m);
    assert_true(i > 45000 && i < 55000);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_median),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
