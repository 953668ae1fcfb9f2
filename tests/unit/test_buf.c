/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "unit.h"

#define LARGE ((size_t)16 << 20)

static long faults(void)
{
    struct rusage u;
    assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
    return u.ru_minflt;
}

/* Room that was never used costs nothing, also when it is given back. */
TEST(expected)
{
    struct a407_buf b;
    long before = faults();
    a407_buf_init(&b, 2 * LARGE);
    assert_true(a407_buf_add(&b, "head", 4));
    assert_true(a407_buf_expect(&b, LARGE));
    char *p = b.p;
    assert_true(a407_buf_add(&b, "body", 4));
    assert_true(b.p == p);
    assert_true(a407_buf_expect(&b, LARGE + 1)); /* grows: wipes, copies */
    assert_memory_equal(b.p, "headbody", 8);
    assert_false(a407_buf_expect(&b, 2 * LARGE + 1));
    assert_false(b.failed);
    a407_buf_shrink(&b, 4);
    assert_true(a407_buf_expect(&b, LARGE));
    a407_buf_free(&b);
#ifndef __SANITIZE_ADDRESS__ /* which fills what it hands out */
    assert_true(faults() - before < 2048);
#else
    (void)before;
#endif
}

static void is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(p[i], 0);
}

/* What was in it is not there any more, however it came there. */
TEST(wiped)
{
    struct a407_buf b;
    a407_buf_init(&b, 64);
    assert_true(a407_buf_add(&b, "secret", 6));
    a407_buf_clear(&b);
    is_zero(b.p, 6);
    assert_true(a407_buf_add(&b, "12secret", 8));
    a407_buf_drop(&b, 6);
    assert_memory_equal(b.p, "et", 2);
    is_zero(b.p + 2, 6);
    assert_true(a407_buf_reserve(&b, 32));
    assert_true(b.top == 32);
    b.n = 1;
    assert_true(a407_buf_add(&b, "x", 1) && b.n == 2 && b.top == 32);
    a407_buf_free(&b);
    assert_true(!b.p && !b.n && !b.top && b.max == 64);
}
