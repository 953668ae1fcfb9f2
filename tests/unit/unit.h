/* SPDX-License-Identifier: MIT */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include "exact.h"

/*
 * TEST(what) { ... } is a test, which registers itself, so that none is left
 * out. A file that includes this header is the program that runs its tests.
 */
#define TESTS_MAX 64

static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;

#define TEST(what)                                                             \
    static void test_##what(void);                                             \
    static void test_##what##_run(void **state)                                \
    {                                                                          \
        (void)state;                                                           \
        test_##what();                                                         \
    }                                                                          \
    __attribute__((constructor)) static void test_##what##_add(void)           \
    {                                                                          \
        assert_in_range(n_tests, 0, TESTS_MAX - 1);                            \
        tests[n_tests++] = (struct CMUnitTest){                                \
            .name = "test_" #what, .test_func = test_##what##_run};            \
    }                                                                          \
    static void test_##what(void)

int main(void)
{
    return _cmocka_run_group_tests("tests", tests, n_tests, NULL, NULL);
}

#endif
