/* SPDX-License-Identifier: MIT */
/* Processes beside the program: talking with them, their end, where they run.
 */
#include "child_help.h"
#include "host/object.h"
#include "unit.h"

/* ---- talking ---- */

TEST(talk)
{
    const char *const argv[] = {"cat", NULL};
    struct a407_child c;
    struct a407_buf b;
    a407_buf_init(&b, 4096);
    assert_true(child_start(&c, "/bin/cat", argv, false));
    assert_true(child_send(&c, "one\n\n", 5, in(5000)));
    assert_true(child_receive(&c, &b, "\n\n", in(5000)));
    assert_int_equal(b.n, 5);
    assert_true(child_send(&c, "two", 3, in(5000)));
    a407_child_send_end(&c);
    assert_true(child_receive(&c, &b, NULL, in(5000)));
    assert_int_equal(b.n, 8);
    assert_memory_equal(b.p, "one\n\ntwo", 8);
    assert_int_equal(child_end(&c, in(5000)), 0);
    a407_buf_free(&b);
}

TEST(a_lot)
{
    struct a407_child c;
    struct a407_buf b;
    char *data = calloc(1, 1000000);
    assert_non_null(data);
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "wc -c"));
    assert_true(child_send(&c, data, 1000000, in(10000)));
    a407_child_send_end(&c);
    assert_true(child_receive(&c, &b, NULL, in(10000)));
    assert_memory_equal(b.p, "1000000\n", b.n);
    assert_int_equal(child_end(&c, in(5000)), 0);
    a407_buf_free(&b);
    /* and back, beyond what the buffer holds */
    a407_buf_init(&b, 5000);
    assert_true(shell(&c, "exec yes"));
    assert_false(child_receive(&c, &b, NULL, in(10000)));
    assert_int_equal(b.n, 5000);
    assert_int_not_equal(child_end(&c, in(0)), 0);
    a407_buf_free(&b);
    free(data);
}

TEST(silence)
{
    struct a407_child c;
    struct a407_buf b;
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "echo half; exec sleep 60"));
    int64_t start = a407_now_ms();
    assert_false(child_receive(&c, &b, "\n\n", in(200)));
    assert_in_range(a407_now_ms() - start, 150, 2000);
    assert_int_equal(b.n, 5);
    assert_int_equal(child_end(&c, in(0)), 137);
    a407_buf_free(&b);
}

/* Its end shows, and writing to it raises no signal. */
TEST(gone_early)
{
    struct a407_child c;
    struct a407_buf b;
    char data[1000] = {0};
    handle(SIGPIPE, count, 0);
    signals = 0;
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "exit 3"));
    assert_false(child_receive(&c, &b, "\n", in(5000)));
    bool ok = true;
    for (int i = 0; ok && i < 1000; i++)
        ok = child_send(&c, data, sizeof data, in(1000));
    assert_false(ok);
    assert_int_equal(child_end(&c, in(5000)), 3);
    assert_int_equal(signals, 0);
    a407_buf_free(&b);
}

/* ---- a talk ---- */

static struct a407_talk talk_of(const char *script, const char *upto, bool once,
                                int ms, size_t max)
{
    struct a407_talk t = {.upto = upto, .once = once, .until = in(ms)};
    a407_buf_init(&t.question, 100);
    a407_buf_init(&t.answer, max);
    assert_true(a407_buf_str(&t.question, "one\n"));
    assert_true(shell(&t.child, script));
    return t;
}

/* No step ever waits, however slow the child is. */
TEST(steps_do_not_wait)
{
    struct a407_talk t =
        talk_of("sleep 0.3; read x; echo $x; echo", "\n\n", false, 20000, 100);
    struct a407_sleep s;
    int64_t longest = 0, start = a407_now_ms();
    int steps = 0;
    bool over = false;
    while (!over) {
        int64_t before = a407_now_ms();
        over = a407_talk_step(&t, &s);
        int64_t took = a407_now_ms() - before;
        longest = took > longest ? took : longest;
        steps++;
        if (!over)
            ready(s.fd, s.events, s.until);
    }
    assert_true(t.complete && !t.late && t.child.pid);
    assert_int_equal(t.answer.n, 5);
    assert_memory_equal(t.answer.p, "one\n\n", 5);
    assert_in_range(longest, 0, 100);
    assert_in_range(a407_now_ms() - start, 250, 10000);
    assert_in_range(steps, 2, 30);
    a407_talk_drop(&t);
    assert_nobody();
}

/* Where nothing follows, its end counts, and who says nothing is ended. */
TEST(ends_of_talks)
{
    static const struct {
        const char *script;
        bool once;
        int ms, status;
        bool complete, late, full;
    } cases[] = {
        {"cat; echo; exit 3", true, 20000, 3, true, false, false},
        {"cat; exec >&-; sleep 0.2; exit 3", true, 20000, 3, false, false,
         false},
        {"exit 3", false, 20000, 3, false, false, false},
        {"cat; echo; sleep 60", true, 400, 137, true, true, false},
        {"echo half; sleep 60", false, 200, 137, false, true, false},
        {"sleep 3 & echo x", true, 20000, 0, false, false, false},
        {"exec yes", true, 20000, 0, false, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct a407_talk t =
            talk_of(cases[i].script, "\n\n", cases[i].once, cases[i].ms, 5000);
        int64_t start = a407_now_ms();
        talk_wait(&t);
        assert_in_range(a407_now_ms() - start, 0, 2500);
        if (!t.full) /* killed, or by SIGPIPE: a race */
            assert_int_equal(t.status, cases[i].status);
        assert_int_equal(t.complete, cases[i].complete);
        assert_int_equal(t.late, cases[i].late);
        assert_int_equal(t.full, cases[i].full);
        assert_int_equal(t.child.pid, 0);
        a407_talk_drop(&t);
        assert_nobody();
    }
}

/* ---- its end ---- */

TEST(statuses)
{
    struct a407_child c = {0};
    assert_int_equal(child_end(&c, in(0)), -1); /* there was none */
    assert_int_equal(child_end(&c, in(0)), -1);
    for (int status = 0; status < 256; status += 51) {
        char script[32];
        snprintf(script, sizeof script, "exit %d", status);
        assert_true(shell(&c, script));
        assert_int_equal(child_end(&c, in(5000)), status);
        assert_int_equal(c.pid, 0);
        assert_int_equal(child_end(&c, in(0)), -1);
    }
    assert_true(shell(&c, "kill -TERM $$"));
    assert_int_equal(child_end(&c, in(5000)), 128 + SIGTERM);
    assert_nobody();
}

TEST(not_there)
{
    static const struct {
        const char *path;
        int error;
    } cases[] = {{"/nonexistent/file", ENOENT},
                 {"/etc", EACCES},
                 {"/etc/passwd/x", ENOTDIR}};
    const char *const argv[] = {"x", NULL};
    struct a407_child c;
    int low = lowest_fd();
    if (copied())
        return; /* exec seems to succeed */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(child_start(&c, cases[i].path, argv, false));
        assert_int_equal(errno, cases[i].error);
        assert_int_equal(c.pid, 0);
        assert_int_equal(child_end(&c, in(0)), -1);
    }
    assert_nobody();
    assert_int_equal(lowest_fd(), low);
    for (int fd = 32; fd < 64; fd++)
        assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* Nobody is left, whatever it does against it. */
TEST(killed)
{
    struct a407_child c;
    struct a407_buf b;
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "trap '' HUP INT TERM PIPE; echo $$; "
                          "while :; do sleep 1; done"));
    assert_true(child_receive(&c, &b, "\n", in(5000)));
    assert_true(a407_buf_add(&b, "", 1));
    pid_t pid = (pid_t)atoi(b.p);
    assert_int_equal(kill(pid, 0), 0);
    int64_t start = a407_now_ms();
    assert_int_equal(child_end(&c, in(200)), 128 + SIGKILL);
    assert_in_range(a407_now_ms() - start, 150, 1500);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    assert_nobody();
    a407_buf_free(&b);
}

/* Somebody kills the keeper, as an operator or the kernel may. */
TEST(keeper_killed)
{
    struct a407_child c;
    struct a407_buf b;
    if (valgrind())
        return;
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "exec sleep 60"));
    assert_int_equal(kill(c.pid, SIGKILL), 0);
    assert_true(child_receive(&c, &b, NULL, in(5000))); /* it ended too */
    assert_int_equal(child_end(&c, in(5000)), -1);
    assert_nobody();
    a407_buf_free(&b);
}

/* ---- where it runs ---- */

TEST(environment)
{
    struct a407_buf b;
    const char *was = getenv("LD_PRELOAD");
    char *keep = was ? strdup(was) : NULL, list[4096];
    /* this program takes the library's place */
    snprintf(list, sizeof list,
             "/nonexistent/test_child:/nonexistent/other.so test_child:%s",
             keep ? keep : "");
    setenv("LD_PRELOAD", list, 1);
    setenv("AUTH407_PASSWORD", "secret1", 1);
    setenv("AUTH407_TOKEN", "secret2", 1);
    setenv("AUTH407_PROXY", "one.test,http://u:secret3@two.test:1", 1);
    setenv("AUTH407_MODE", "inject", 1);
    setenv("AUTH407_FOLLOW", "1", 1);
    setenv("OTHER", "kept", 1);
    assert_int_equal(said(&b, "unset _; export"), 0);
    assert_non_null(strstr(b.p, "LD_PRELOAD='/nonexistent/other.so"));
    assert_null(strstr(b.p, "test_child"));
    assert_null(strstr(b.p, "secret"));
    assert_null(strstr(b.p, "FOLLOW"));
    assert_null(strstr(b.p, "AUTH407_PROXY"));
    assert_non_null(strstr(b.p, "AUTH407_MODE='off'"));
    assert_non_null(strstr(b.p, "OTHER='kept'"));
    a407_buf_free(&b);
    setenv("AUTH407_PROXY", "one.test:1", 1);
    setenv("LD_PRELOAD", "test_child", 1);
    if (keep && strstr(keep, "vgpreload"))
        setenv("LD_PRELOAD", keep, 1);
    assert_int_equal(said(&b, "unset _; export"), 0);
    assert_null(strstr(b.p, "test_child"));
    assert_non_null(strstr(b.p, "AUTH407_PROXY='one.test:1'"));
    a407_buf_free(&b);
    unsetenv("AUTH407_PROXY");
    if (keep)
        setenv("LD_PRELOAD", keep, 1);
    else
        unsetenv("LD_PRELOAD");
    free(keep);
    unsetenv("AUTH407_MODE");
}

TEST(folder_is_gone)
{
    pid_t pid = fork();
    if (pid == 0) {
        char name[] = "/tmp/test_child.XXXXXX";
        struct a407_child c;
        bool ok = mkdtemp(name) && chdir(name) == 0 && rmdir(name) == 0 &&
                  shell(&c, "exit 3") && child_end(&c, in(5000)) == 3;
        _exit(!ok);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

TEST(beside)
{
    char path[4096], tiny[8];
    assert_true(a407_file_beside("other-name", path, sizeof path));
    assert_int_equal(path[0], '/');
    assert_non_null(strstr(path, "/tests/unit/other-name"));
    size_t n = strlen(path);
    char *exactly = malloc(n + 1);
    assert_non_null(exactly);
    if (a407_file_beside("other-name", exactly, n + 1))
        assert_string_equal(exactly, path);
    assert_false(a407_file_beside("other-name", exactly, n));
    assert_false(a407_file_beside("other-name", tiny, sizeof tiny));
    free(exactly);
}

/* A sandbox that forbids processes. */
TEST(forbidden)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct a407_child c;
        if (!forbid(SYS_clone, SYS_clone))
            _exit(2);
        int low = lowest_fd();
        bool started = shell(&c, "exit 0");
        _exit(started || errno != EPERM || c.pid || lowest_fd() != low);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WEXITSTATUS(status) == 2)
        skip();
    assert_int_equal(status, 0);
}
