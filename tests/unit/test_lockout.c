/* SPDX-License-Identifier: MIT */
/* Marks of refused credentials. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "exact.h"
#include "host/lockout.h"

static char folder[] = "/tmp/test_lockout.XXXXXX";
static struct a407_config config = {.state_dir = folder, .lockout_s = 900};
static const struct a407_endpoint proxy = {.host = "proxy.test", .port = 3128};

/* The name of the only mark; "" if there is none. */
static void only_mark(char *name, size_t cap)
{
    char path[64];
    struct dirent *e;
    snprintf(path, sizeof path, "%s/refused", folder);
    DIR *d = opendir(path);
    *name = '\0';
    while (d && (e = readdir(d)))
        if (*e->d_name != '.') {
            assert_int_equal(*name, '\0');
            snprintf(name, cap, "%s", e->d_name);
        }
    if (d)
        closedir(d);
}

static void refused_and_accepted(struct a407_credential *c)
{
    char name[256];
    assert_false(a407_lockout_marked(&config, &proxy, c));
    a407_lockout_mark(&config, &proxy, c, false);
    assert_true(a407_lockout_marked(&config, &proxy, c));
    only_mark(name, sizeof name);
    assert_int_equal(strlen(name), 32);
    struct a407_credential other = *c;
    other.password = (char[]){"changed"};
    assert_false(a407_lockout_marked(&config, &proxy, &other));
    a407_lockout_mark(&config, &proxy, c, true);
    assert_false(a407_lockout_marked(&config, &proxy, c));
    only_mark(name, sizeof name);
    assert_string_equal(name, "");
}

static void marks(void **unused)
{
    struct a407_credential c = {.password = (char[]){"secret"}};
    (void)unused;
    refused_and_accepted(&c);
    c.username = (char[]){"alice"};
    refused_and_accepted(&c);
}

/* Old marks hold: their names are what they were. */
static void name_of_a_mark(void **unused)
{
    struct a407_credential c = {.username = (char[]){"alice"},
                                .password = (char[]){"secret"}};
    char name[256];
    (void)unused;
    a407_lockout_mark(&config, &proxy, &c, false);
    only_mark(name, sizeof name);
    /* PBKDF2-HMAC-SHA256, 20000 rounds, "auth407 proxy.test 3128 alice" */
    assert_string_equal(name, "69d1c4a55c41c905a7844b0437f1aaf7");
    a407_lockout_mark(&config, &proxy, &c, true);
}

/* Sets the time of change of the folder, so many seconds ago. */
static void folder_is_older(time_t s)
{
    char path[64];
    const struct timespec at[2] = {{.tv_sec = time(NULL) - s},
                                   {.tv_sec = time(NULL) - s}};
    snprintf(path, sizeof path, "%s/refused", folder);
    assert_int_equal(utimensat(AT_FDCWD, path, at, 0), 0);
}

/* A folder as old as the waiting time has no mark that counts: nothing is
   derived. One that is marked anew is young again. */
static void age_of_the_folder(void **unused)
{
    struct a407_credential c = {.password = (char[]){"secret"}};
    char name[256];
    (void)unused;
    a407_lockout_mark(&config, &proxy, &c, false);
    folder_is_older(890);
    assert_true(a407_lockout_marked(&config, &proxy, &c));
    folder_is_older(900);
    assert_false(a407_lockout_marked(&config, &proxy, &c));
    a407_lockout_mark(&config, &proxy, &c, false);
    assert_true(a407_lockout_marked(&config, &proxy, &c));
    folder_is_older(-900); /* the clock was set */
    assert_true(a407_lockout_marked(&config, &proxy, &c));
    a407_lockout_mark(&config, &proxy, &c, true);
    only_mark(name, sizeof name);
    assert_string_equal(name, "");
}

static void long_names(void **unused)
{
    static const size_t sizes[] = {480, 500, 512, 4000, 60000};
    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *name = malloc(sizes[i] + 1);
        assert_non_null(name);
        memset(name, 'u', sizes[i]);
        name[sizes[i]] = '\0';
        struct a407_credential c = {.username = name,
                                    .password = (char[]){"secret"}};
        refused_and_accepted(&c);
        free(name);
    }
}

static int set_up(void **unused)
{
    (void)unused;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **unused)
{
    char path[64];
    (void)unused;
    snprintf(path, sizeof path, "%s/refused", folder);
    rmdir(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks),
        cmocka_unit_test(name_of_a_mark),
        cmocka_unit_test(age_of_the_folder),
        cmocka_unit_test(long_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
