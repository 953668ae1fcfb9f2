/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/record/redact.h"

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What 50 words cost that repeat a piece as far as n bytes: the least of some
   tries, since other work gets in between. */
static double cost(const char *piece, size_t n)
{
    char *text = malloc(n + 1), out[256];
    double least = 1e9;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = piece[i % strlen(piece)];
    text[n] = '\0';
    for (int i = 0; i < 5; i++) {
        double start = cpu_s();
        for (int k = 0; k < 50; k++)
            a407_redact_arg("-c", text, out, sizeof out);
        double took = cpu_s() - start;
        least = took < least ? took : least;
    }
    free(text);
    return least;
}

/* Eight times the length costs eight times as much and not 64 times: a program
   waits for it. */
static void test_cost(void **state)
{
    static const char *const pieces[] = {"{\"key\":\"value\",\"list\":[1,2]},",
                                         "'a",
                                         "://",
                                         "a:b=",
                                         "-u'x",
                                         "x@'y",
                                         "?=",
                                         "curl -d ",
                                         "\"user\",",
                                         "a;(",
                                         "'-u' ",
                                         "%25",
                                         "Basic "};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        double small = cost(pieces[i], 1000), large = cost(pieces[i], 8000);
        if (large > 16 * small + 0.001)
            fail_msg("%s: %g s, then %g s", pieces[i], small, large);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
