/* SPDX-License-Identifier: MIT */
#include "core/record/message.h"

#include "unit.h"

static void field_is(const char *value, size_t n, const char *expected,
                     size_t expected_n)
{
    struct a407_buf b;
    char *copy = exact(value, n);
    a407_buf_init(&b, 1 << 20);
    a407_journal_field(&b, "NAME", a407_span(copy, n));
    assert_int_equal(b.n, expected_n);
    assert_memory_equal(b.p, expected, expected_n);
    a407_buf_free(&b);
    free(copy);
}

/* systemd, "Native Journal Protocol": text form, and the form with a length */
TEST(field)
{
    char big[1000], out[1100];
    field_is("a=b", 3, "NAME=a=b\n", 9);
    field_is("", 0, "NAME=\n", 6);
    field_is("\xff\t", 2, "NAME=\xff\t\n", 8);
    field_is("a\nb", 3, "NAME\n\3\0\0\0\0\0\0\0a\nb\n", 17);
    field_is("\n", 1, "NAME\n\1\0\0\0\0\0\0\0\n\n", 15);
    memset(big, '\n', sizeof big);
    memcpy(out, "NAME\n\xe8\3\0\0\0\0\0\0", 13); /* 1000 */
    memcpy(out + 13, big, sizeof big);
    out[1013] = '\n';
    field_is(big, sizeof big, out, 1014);
}

static struct a407_event *sample(void)
{
    static struct a407_event e;
    memset(&e, 0, sizeof e);
    e.outcome = A407_NOT_RETRIED;
    e.cause = A407_CAUSE_DROPPED;
    strcpy(e.proxy.host, "proxy.corp.example");
    e.proxy.port = 3128;
    strcpy(e.method, "CONNECT");
    strcpy(e.target, "example.com:443");
    e.status = 407;
    e.final_status = 200;
    strcpy(e.process.executable, "/usr/bin/wget");
    strcpy(e.process.caller_module, "libgnutls.so.30");
    return &e;
}

static void entry_is(const struct a407_event *e, const char *problem,
                     const char *line, const char *expected)
{
    struct a407_record r = {.event = e, .problem = problem};
    struct a407_buf in, out;
    a407_buf_init(&in, 1 << 20);
    a407_buf_init(&out, 1 << 20);
    assert_true(a407_buf_str(&in, line));
    assert_true(a407_journal_entry(&r, &in, &out));
    assert_true(a407_buf_add(&out, "", 1));
    assert_string_equal(out.p, expected);
    a407_buf_free(&in);
    a407_buf_free(&out);
}

TEST(entry)
{
    struct a407_event *e = sample();
    entry_is(e, NULL, "{\"a\":1}\n",
             "SYSLOG_IDENTIFIER=auth407\nPRIORITY=4\n"
             "MESSAGE=wget: 407 from proxy.corp.example:3128 to CONNECT "
             "example.com:443: not_retried, dropped_by_client\n"
             "AUTH407_OUTCOME=not_retried\nAUTH407_CAUSE=dropped_by_client\n"
             "AUTH407_PROXY=proxy.corp.example:3128\nAUTH407_STATUS=407\n"
             "AUTH407_FINAL_STATUS=200\nAUTH407_EXECUTABLE=/usr/bin/wget\n"
             "AUTH407_MODULE=libgnutls.so.30\nAUTH407_TARGET=example.com:443\n"
             "AUTH407_RECORD={\"a\":1}\n");
    /* a field that has no value is left out */
    memset(&e->process, 0, sizeof e->process);
    e->final_status = 0;
    strcpy(e->proxy.host, "2001:db8::1");
    entry_is(e, NULL, "{}",
             "SYSLOG_IDENTIFIER=auth407\nPRIORITY=4\n"
             "MESSAGE=(unknown program): 407 from [2001:db8::1]:3128 to "
             "CONNECT example.com:443: not_retried, dropped_by_client\n"
             "AUTH407_OUTCOME=not_retried\nAUTH407_CAUSE=dropped_by_client\n"
             "AUTH407_PROXY=[2001:db8::1]:3128\nAUTH407_STATUS=407\n"
             "AUTH407_TARGET=example.com:443\nAUTH407_RECORD={}\n");
    entry_is(NULL, "AUTH407_MODE: write inject", "{}\n",
             "SYSLOG_IDENTIFIER=auth407\nPRIORITY=3\n"
             "MESSAGE=AUTH407_MODE: write inject\nAUTH407_RECORD={}\n");
}

static void summary_is(const struct a407_event *e, const char *expected)
{
    struct a407_buf b;
    a407_buf_init(&b, 4096);
    assert_true(a407_summary_text(e, &b));
    assert_true(a407_buf_add(&b, "", 1));
    assert_string_equal(b.p, expected);
    a407_buf_free(&b);
}

TEST(summary)
{
    struct a407_event *e = sample();
    e->outcome = A407_RESOLVED;
    e->cause = A407_CAUSE_NONE;
    summary_is(e, "wget: 407 from proxy.corp.example:3128 to CONNECT "
                  "example.com:443: resolved");
    /* it stays one line, and no terminal is told what to do by it */
    e->cause = A407_CAUSE_PROTOCOL;
    e->status = 0;
    strcpy(e->process.executable, "/tmp/a\nb");
    strcpy(e->target, "\x1b[2Jx\x7f");
    strcpy(e->detail, "\r\t\xc3\xa4\xc2\x9b\x9b\xe2\x80\xae");
    summary_is(e, "a?b: no answer from proxy.corp.example:3128 to CONNECT "
                  "?[2Jx?: resolved, protocol_error: ??\xc3\xa4???");
}

/* RFC 5424 section 6.2.1 */
TEST(severity)
{
    struct a407_event *e = sample();
    e->outcome = A407_RESOLVED;
    assert_int_equal(a407_severity(e), 6);
    e->outcome = A407_OBSERVED;
    assert_int_equal(a407_severity(e), 5);
    e->outcome = A407_UNRESOLVED;
    assert_int_equal(a407_severity(e), 4);
    e->outcome = A407_NOT_RETRIED;
    assert_int_equal(a407_severity(e), 4);
    assert_int_equal(a407_severity(NULL), 3);
}

/* The message of a record; the caller frees. */
static char *message(const struct a407_record *r, const char *host, size_t *n)
{
    struct a407_buf line, out;
    a407_buf_init(&line, 1 << 20);
    a407_buf_init(&out, A407_SYSLOG_MAX);
    char *z = a407_syslog_message(r, host, &line, &out) ? strndup(out.p, out.n)
                                                        : NULL;
    *n = out.n;
    a407_buf_free(&line);
    a407_buf_free(&out);
    return z;
}

/* RFC 5424 section 6: PRI, version, time, host, application, process id,
   message id, structured data, text; a host that can't be told is "-" */
TEST(syslog)
{
    static const char *const hosts[] = {"", "a b", "a\tb", "\xc3\xa4", "-"};
    struct a407_record r = {.event = sample(), .pid = 77};
    char long_host[300];
    size_t n;
    sample()->time_us = 1798673707000042;
    char *m = message(&r, "build7.example", &n);
    assert_ptr_equal(
        strstr(m, "<12>1 2026-12-30T23:35:07.000042Z build7.example auth407 77 "
                  "exchange - @cee:{\"timestamp\":\"2026-12-30T23:35:07.0"),
        m);
    assert_string_equal(m + n - 2, "}}");
    free(m);
    r = (struct a407_record){.problem = "x", .pid = 1};
    memset(long_host, 'h', sizeof long_host - 1);
    long_host[256] = '\0'; /* one more than HOSTNAME may have */
    for (size_t i = 0; i < 6; i++) {
        static const char start[] =
            "<11>1 1970-01-01T00:00:00.000000Z - auth407 1 problem - @cee:{";
        m = message(&r, i < 5 ? hosts[i] : long_host, &n);
        assert_memory_equal(m, start, sizeof start - 1);
        free(m);
    }
}

/* At the limit, below it and above. */
TEST(syslog_limit)
{
    char text[A407_SYSLOG_MAX + 200] = "";
    struct a407_record r = {.problem = text, .pid = 4194304};
    size_t n, before = 0;
    memset(text, 'x', A407_SYSLOG_MAX - 400);
    do {
        strcat(text, "x");
        free(message(&r, "host", &n));
        assert_true(n == before + 1 || before == 0 || n == A407_SYSLOG_MAX);
        before = n;
    } while (strlen(text) + 1 < sizeof text);
    assert_int_equal(n, A407_SYSLOG_MAX);
}
