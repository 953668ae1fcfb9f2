/* SPDX-License-Identifier: MIT */
/* What /proc tells of this process and of another. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exact.h"
#include "host/process.h"
#include "unit.h"

TEST(this_one)
{
    struct a407_event_process p = {0};
    struct a407_buf store;
    a407_buf_init(&store, A407_EVENT_LINE_MAX);
    a407_process_fill(&p, 0, &store);
    assert_int_equal(p.pid, getpid());
    assert_int_equal(p.parent_pid, getppid());
    assert_int_equal(p.uid, geteuid());
    assert_non_null(strstr(p.executable, "/test_process"));
    assert_int_equal(p.n_args, 1);
    assert_non_null(strstr(p.args[0], "test_process"));
    assert_int_equal(p.parents[0].pid, getppid());
    a407_buf_free(&store);
}

/* A word of 20,000 bytes is cut, and does not hide the next. */
static pid_t start(void)
{
    char word[20001];
    int pair[2];
    char byte;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0); /* shows exec */
    pid_t pid = fork();
    if (pid == 0) {
        (void)!setregid(1, 1);
        (void)!setreuid(1, 1);
        execl("/bin/sh", "sh", "-c", "read x", "", word, "last", NULL);
        _exit(127);
    }
    close(pair[1]);
    assert_int_equal(read(pair[0], &byte, 1), 0);
    close(pair[0]);
    return pid;
}

TEST(another)
{
    struct a407_event_process p = {0};
    struct a407_buf store;
    int input[2];
    assert_int_equal(pipe(input), 0);
    dup2(input[0], STDIN_FILENO);
    pid_t pid = start();
    a407_buf_init(&store, A407_EVENT_LINE_MAX);
    a407_process_fill(&p, pid, &store);
    assert_int_equal(p.pid, pid);
    assert_int_equal(p.parent_pid, getpid());
    assert_int_equal(p.uid, getuid() ? getuid() : 1);
    assert_non_null(strstr(p.executable, "sh"));
    assert_int_equal(p.n_args, 6);
    assert_string_equal(p.args[2], "read x");
    assert_string_equal(p.args[3], "");
    assert_int_equal(strlen(p.args[4]), 16384);
    assert_string_equal(p.args[5], "last");
    assert_int_equal(p.parents[0].pid, getpid());
    assert_non_null(strstr(p.parents[0].executable, "/test_process"));
    assert_int_equal(p.parents[1].pid, getppid());
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    a407_buf_free(&store);
    /* there is none any more */
    struct a407_event_process gone = {0};
    a407_process_fill(&gone, pid, &store);
    assert_int_equal(gone.n_args + gone.n_parents, 0);
    assert_string_equal(gone.executable, "");
    a407_buf_free(&store);
}
