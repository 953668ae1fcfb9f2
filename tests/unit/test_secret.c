/* SPDX-License-Identifier: MIT */
#include "host/secret.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "exact.h"

#if defined(__SANITIZE_ADDRESS__)
#define OURS 0 /* they are malloc()'s, and watched */
#else
#define OURS 1
#endif

/* What a sanitizer watches is not good for the child of one of many threads. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FORKS 0
#else
#define FORKS 20
#endif

/* Is it in memory that is left out of dumps (proc_pid_smaps(5))? */
static bool is_hidden(const void *p)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[4096];
    unsigned long start, end, at = (unsigned long)(uintptr_t)p;
    bool in = false, hidden = false;
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            in = start <= at && at < end;
        else if (in && strncmp(line, "VmFlags:", 8) == 0)
            hidden = strstr(line, " dd");
    }
    fclose(f);
    return hidden;
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = {0,    1,     32,    33,     4096,
                                   4097, 32768, 32769, 300000, 5000000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *p = a407_secret_alloc(sizes[i]);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 'x', sizes[i]);
        if (OURS)
            assert_true(is_hidden(p));
        a407_secret_free(p);
    }
    a407_secret_free(NULL);
    if (!OURS)
        return;
    assert_null(a407_secret_alloc(SIZE_MAX));
    assert_null(a407_secret_alloc(SIZE_MAX / 2));
    assert_false(is_hidden(state));
}

/* A process that runs for long takes no more than it has at a time. */
static void test_again(void **state)
{
    void *first[3];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        first[i] = a407_secret_alloc(1000);
    for (size_t i = 0; i < 3; i++)
        a407_secret_free(first[i]);
    for (int round = 0; OURS && round < 1000; round++) {
        void *p = a407_secret_alloc(600);
        assert_true(p == first[0] || p == first[1] || p == first[2]);
        a407_secret_free(p);
    }
}

enum { THREADS = 8, ROUNDS = 20000, HELD = 8 };

/* Nobody else writes into a block that one holds. */
static void *hold(void *arg)
{
    unsigned char *held[HELD] = {NULL}, mark = (unsigned char)(uintptr_t)arg;
    size_t sizes[HELD] = {0};
    unsigned seed = mark;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned i = (unsigned)rand_r(&seed) % HELD;
        for (size_t k = 0; k < sizes[i]; k++)
            if (held[i][k] != mark)
                return arg;
        a407_secret_free(held[i]);
        sizes[i] = (size_t)rand_r(&seed) % (round % 1000 ? 200 : 50000);
        held[i] = a407_secret_alloc(sizes[i]);
        if (!held[i])
            return arg;
        memset(held[i], mark, sizes[i]);
    }
    for (unsigned i = 0; i < HELD; i++)
        a407_secret_free(held[i]);
    return NULL;
}

/* With children of a fork in between, which may use it too. */
static void test_threads(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, hold, (void *)(i + 1)), 0);
    for (int i = 0; i < FORKS; i++) {
        int status;
        pid_t child = fork();
        if (child == 0)
            _exit(hold((void *)(uintptr_t)99) != NULL);
        assert_true(waitpid(child, &status, 0) == child);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
