/* SPDX-License-Identifier: MIT */
#ifndef TEST_SUITE_H
#define TEST_SUITE_H

/* A file of tests: each is TEST(name) {...}, and main() runs them in their
   order. For that file to include, not for another header. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct CMUnitTest suite[64];
static size_t suite_n;

static inline void suite_add(const char *name, CMUnitTestFunction run)
{
    if (suite_n == sizeof suite / sizeof suite[0])
        abort();
    suite[suite_n++] = (struct CMUnitTest){name, run, NULL, NULL, NULL};
}

#define TEST(name)                                                             \
    static void name(void **);                                                 \
    static void __attribute__((constructor)) add_##name(void)                  \
    {                                                                          \
        suite_add(#name, name);                                                \
    }                                                                          \
    static void name(void **state __attribute__((unused)))

int main(void)
{
    return cmocka_run_group_tests(suite, NULL, NULL);
}

#endif
