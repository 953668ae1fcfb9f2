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
#include "unit.h"

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What 16 words cost that repeat a piece as far as n bytes, behind an option
   and, where one is named, a program: the least of some tries, since other work
   gets in between. */
static double cost(const char *names, const char *piece, size_t n)
{
    char *text = malloc(n + 1), out[256];
    double least = 1e9;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = piece[i % strlen(piece)];
    text[n] = '\0';
    for (int i = 0; i < 3; i++) {
        uint64_t programs = 0;
        a407_redact_next(&programs, NULL, names, out, sizeof out);
        double start = cpu_s();
        for (int k = 0; k < 16; k++)
            a407_redact_next(&programs, "-c", text, out, sizeof out);
        double took = cpu_s() - start;
        least = took < least ? took : least;
    }
    free(text);
    return least;
}

/* Eight times the length costs eight times as much and not 64 times, and what
   is longer no more than that: a program waits for it. */
TEST(cost)
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
                                         "Basic ",
                                         "-u'",
                                         "mysql,",
                                         "\"x\",",
                                         "echo a ",
                                         "echo 'a|",
                                         "-c x ",
                                         "<(echo ",
                                         "<<1 ",
                                         "a=b;",
                                         "x@h ",
                                         "--pa ",
                                         "-xw ",
                                         "login ",
                                         "u:p@",
                                         "http://h/;",
                                         "ghp_",
                                         "%3F",
                                         "'http://h' "};
    static const char *const names[] = {"", "python3 perl curl http mysql awk"};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (size_t k = 0; k < 2; k++) {
            double small = cost(names[k], pieces[i], 1000);
            double large = cost(names[k], pieces[i], 8000);
            double huge = cost(names[k], pieces[i], 131072);
            if (large > 16 * small + 0.001 || huge > 2 * large + 0.001)
                fail_msg("%s: %g s, then %g and %g s", pieces[i], small, large,
                         huge);
        }
}
