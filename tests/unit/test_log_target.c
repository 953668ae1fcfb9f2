/* SPDX-License-Identifier: MIT */
#include "core/config/log_target.h"

#include "unit.h"

static struct a407_log_target good(const char *text)
{
    struct a407_log_target t;
    char *copy = exact(text, strlen(text) + 1);
    if (!a407_log_target(copy, &t))
        fail_msg("%s was not taken", text);
    /* `path` points into the copy or to a constant */
    if (t.path >= copy && t.path <= copy + strlen(text))
        t.path = text + (t.path - copy);
    free(copy);
    return t;
}

TEST(words)
{
    assert_int_equal(good("stderr").kind, A407_TO_STDERR);
    assert_int_equal(good("none").kind, A407_TO_NOWHERE);
    assert_int_equal(good("journald").kind, A407_TO_JOURNALD);
    struct a407_log_target t = good("syslog");
    assert_int_equal(t.kind, A407_TO_SYSLOG);
    assert_string_equal(t.path, "/dev/log");
    t = good("syslog:/run/x.sock");
    assert_int_equal(t.kind, A407_TO_SYSLOG);
    assert_string_equal(t.path, "/run/x.sock");
}

TEST(files)
{
    static const char *const names[] = {
        "/var/log/x", "x",       "./syslog:x", "STDERR",
        "nones",      "syslogs", "syslog.log", "udp://1.2.3.4"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct a407_log_target t = good(names[i]);
        assert_int_equal(t.kind, A407_TO_FILE);
        assert_string_equal(t.path, names[i]);
        assert_false(a407_log_is_word(names[i]));
    }
}

/* RFC 5426 section 3.3: port 514 unless another one is agreed on */
TEST(udp)
{
    struct a407_log_target t = good("syslog://127.0.0.1");
    assert_int_equal(t.kind, A407_TO_UDP);
    assert_string_equal(t.remote.host, "127.0.0.1");
    assert_int_equal(t.remote.port, 514);
    t = good("syslog://10.1.2.3:5140");
    assert_string_equal(t.remote.host, "10.1.2.3");
    assert_int_equal(t.remote.port, 5140);
    t = good("syslog://[2001:DB8::0:1]:65535");
    assert_string_equal(t.remote.host, "2001:db8::1");
    assert_int_equal(t.remote.port, 65535);
    assert_true(a407_log_is_word("syslog://[::1]"));
}

TEST(bad)
{
    static const char *const bad[] = {"syslog:",
                                      "syslog:x",
                                      "syslog:udp",
                                      "syslog://",
                                      "syslog://loghost",
                                      "syslog://localhost:514",
                                      "syslog://*.x:514",
                                      "syslog://127.0.0.1:0",
                                      "syslog://127.0.0.1:65536",
                                      "syslog://127.0.0.1:514/",
                                      "syslog://127.0.0.1 ",
                                      "syslog://u:p@127.0.0.1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct a407_log_target t;
        if (a407_log_target(bad[i], &t))
            fail_msg("%s was taken", bad[i]);
        assert_true(a407_log_is_word(bad[i])); /* no file of that name */
    }
}

static bool size(const char *text, uint64_t *n)
{
    char *copy = exact(text, strlen(text));
    bool ok = a407_size_parse(a407_span(copy, strlen(text)), n);
    free(copy);
    return ok;
}

TEST(sizes)
{
    static const struct {
        const char *text;
        uint64_t n;
    } good_ones[] = {{"0", 0},
                     {"1", 1},
                     {"4096", 4096},
                     {"1k", 1024},
                     {"64K", 65536},
                     {"10M", 10485760},
                     {"2g", 2147483648},
                     {"4611686018427387903", 4611686018427387903},
                     {"4294967295G", 4611686017353646080}};
    static const char *const bad[] = {"",
                                      "K",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.5M",
                                      "1T",
                                      "1KB",
                                      "1KK",
                                      "0x10",
                                      "4294967296G",
                                      "4611686018427387904",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    uint64_t n;
    for (size_t i = 0; i < sizeof good_ones / sizeof *good_ones; i++) {
        if (!size(good_ones[i].text, &n))
            fail_msg("%s was not taken", good_ones[i].text);
        assert_int_equal(n, good_ones[i].n);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (size(bad[i], &n))
            fail_msg("\"%s\" was taken", bad[i]);
}
