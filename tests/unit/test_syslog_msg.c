/* SPDX-License-Identifier: MIT */
#include "core/record/syslog_msg.h"

#include "exact.h"

#define RECORD "{\"timestamp\":\"2026-11-21T10:00:00.123456Z\",\"schema\":1,"

static void message(const struct a407_syslog_from *from, const char *line,
                    const char *expected)
{
    struct a407_buf in, out;
    a407_buf_init(&in, 1 << 20);
    a407_buf_init(&out, A407_SYSLOG_MAX);
    assert_true(a407_buf_str(&in, line));
    assert_true(a407_syslog_message(from, &in, &out));
    assert_true(a407_buf_add(&out, "", 1));
    assert_string_equal(out.p, expected);
    a407_buf_free(&in);
    a407_buf_free(&out);
}

/* RFC 5424 section 6: PRI, version, time, host, application, process id,
   message id, structured data, text */
static void test_message(void **state)
{
    (void)state;
    message(&(struct a407_syslog_from){4, 77, "build7.example", "exchange"},
            RECORD "\"a\":1}\n",
            "<12>1 2026-11-21T10:00:00.123456Z build7.example auth407 77 "
            "exchange - @cee:" RECORD "\"a\":1}");
}

/* RFC 5424 section 6: a time or host that can't be told is "-" */
static void test_unknown(void **state)
{
    static const char *const hosts[] = {"", "a b", "a\tb", "\xc3\xa4", "-"};
    char long_host[300];
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        message(&(struct a407_syslog_from){3, 1, hosts[i], "problem"},
                "{\"a\":1}\n", "<11>1 - - auth407 1 problem - @cee:{\"a\":1}");
    memset(long_host, 'h', sizeof long_host - 1);
    long_host[256] = '\0'; /* one more than HOSTNAME may have */
    message(&(struct a407_syslog_from){3, 1, long_host, "problem"},
            "{\"timestamp\":\"2026\"}\n",
            "<11>1 - - auth407 1 problem - @cee:{\"timestamp\":\"2026\"}");
}

/* At the limit, one byte below it and above. */
static void test_limit(void **state)
{
    const struct a407_syslog_from from = {6, 4194304, "host", "exchange"};
    (void)state;
    for (size_t n = A407_SYSLOG_MAX - 200; n < A407_SYSLOG_MAX + 200; n++) {
        struct a407_buf in, out;
        a407_buf_init(&in, 1 << 20);
        a407_buf_init(&out, A407_SYSLOG_MAX);
        a407_buf_str(&in, RECORD "\"process\":{\"command_args\":[");
        while (in.n + 16 < n)
            a407_buf_str(&in, in.p[in.n - 1] == '[' ? "\"0123\"" : ",\"0123\"");
        assert_true(a407_buf_str(&in, "]}}\n"));
        size_t before = in.n;
        assert_true(a407_syslog_message(&from, &in, &out));
        assert_true(out.n <= A407_SYSLOG_MAX);
        assert_true(in.n == before || out.n + 8 > A407_SYSLOG_MAX);
        assert_memory_equal(out.p + out.n - 2, in.n == before ? "}}" : "]}", 2);
        a407_buf_free(&in);
        a407_buf_free(&out);
    }
}

/* What can't be made short enough is no message. */
static void test_too_long(void **state)
{
    const struct a407_syslog_from from = {6, 1, "host", "exchange"};
    struct a407_buf in, out;
    (void)state;
    a407_buf_init(&in, 1 << 20);
    a407_buf_init(&out, A407_SYSLOG_MAX);
    a407_buf_str(&in, "{\"other\":\"");
    while (in.n < 2 * A407_SYSLOG_MAX)
        a407_buf_str(&in, "0123456789");
    assert_true(a407_buf_str(&in, "\"}\n"));
    assert_false(a407_syslog_message(&from, &in, &out));
    a407_buf_free(&in);
    a407_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
