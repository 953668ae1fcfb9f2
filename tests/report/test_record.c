/* SPDX-License-Identifier: MIT */
/* A line of the log into a record: docs/log-schema.json, RFC 8259. */
#include "tests/unit/exact.h"

#include <stdio.h>

#include "cli/report/read/read.h"

#define HEAD                                                                   \
    "{\"timestamp\":\"2026-11-21T14:03:05.126224Z\",\"schema\":1,"             \
    "\"event\":{\"name\":\"proxy.authentication\"},"
#define PROXY                                                                  \
    "\"proxy\":{\"address\":\"proxy.test\",\"port\":3128,"                     \
    "\"peer\":\"10.0.0.1:3128\",\"challenges\":[{\"scheme\":\"Digest\","       \
    "\"realm\":\"x\"},{\"scheme\":\"Basic\",\"realm\":null},"                  \
    "{\"scheme\":\"Other\",\"realm\":null}],\"status\":[{\"name\":\"n\"}]},"
#define HTTP                                                                   \
    "\"http\":{\"request\":{\"method\":\"GET\",\"proxy_authorization\":{"      \
    "\"present\":true,\"scheme\":\"Basic\",\"username\":\"alice\","            \
    "\"sent_before\":\"connection\"}},\"response\":{\"status_code\":407}},"
#define ATTEMPTS                                                               \
    "\"attempts\":[{\"scheme\":\"digest\",\"status_code\":407,"                \
    "\"duration_ms\":1.5,\"source_port\":4000,\"credential\":\"http_proxy\"}," \
    "{\"scheme\":\"basic\",\"status_code\":null,\"credential\":null}],"
#define PROCESS                                                                \
    "\"process\":{\"pid\":42,\"parent_pid\":1,\"executable\":{\"path\":"       \
    "\"/usr/bin/wget\"},\"command_args\":[\"wget\",\"-q\",[1,{}],"             \
    "\"http://a.test/\"],\"parents\":[{\"pid\":1,\"executable\":\"/init\"}]}," \
    "\"caller\":{\"module\":\"libx.so\"}}"
#define LINE                                                                   \
    HEAD                                                                       \
        "\"outcome\":\"unresolved\",\"cause\":\"dropped_by_client\","          \
        "\"detail\":\"d\\u00e9tail "                                           \
        "\\\"q\\\"\",\"lint\":[\"blank_last\",\"new\",[\"quoted\"]],"          \
        "\"remedy\":\"r\"," PROXY HTTP                                         \
        "\"url\":{\"target\":\"http://a.test/\"},\"source\":{\"port\":4711},"  \
        "\"final\":{\"status_code\":407},\"records_lost\":3," ATTEMPTS PROCESS

static struct a407_report_parser *parser;
static struct a407_report_record got;
static struct a407_span message;

static int set_up(void **state)
{
    (void)state;
    parser = a407_report_parser_new();
    return parser ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    a407_report_parser_free(parser);
    return 0;
}

static enum a407_report_kind parse(const char *line, size_t n)
{
    char *p = exact(line, n);
    enum a407_report_kind kind =
        a407_report_parse(parser, p, n, &got, &message);

    free(p); /* nothing may point into it */
    return kind;
}

static void check_all(void)
{
    assert_int_equal(got.time_us % 1000000, 126224);
    assert_int_equal(got.time_us / 1000000, 1795269785);
    assert_int_equal(got.outcome, A407_UNRESOLVED);
    assert_span(got.cause, "dropped_by_client");
    assert_int_equal(got.cause_id, A407_CAUSE_DROPPED);
    assert_span(got.detail, "d\xc3\xa9tail \"q\"");
    assert_int_equal(got.lint, A407_LINT_BIT(A407_LINT_NONE) |
                                   A407_LINT_BIT(A407_LINT_BLANK_LAST));
    assert_span(got.proxy_address, "proxy.test");
    assert_int_equal(got.proxy_port, 3128);
    assert_int_equal(got.local_port, 4711);
    assert_int_equal(got.offered, 1u << A407_DIGEST | 1u << A407_BASIC |
                                      1u << A407_SCHEMES_MAX);
    assert_span(got.method, "GET");
    assert_span(got.target, "http://a.test/");
    assert_true(got.client_sent);
    assert_span(got.client_scheme, "Basic");
    assert_span(got.client_user, "alice");
    assert_span(got.sent_before, "connection");
    assert_int_equal(got.status, 407);
    assert_int_equal(got.final_status, 407);
    assert_int_equal(got.n_attempts, 2);
    assert_int_equal(got.attempts[0].status, 407);
    assert_int_equal(got.attempts[0].duration_us, 1500);
    assert_int_equal(got.attempts[0].local_port, 4000);
    assert_int_equal(got.attempts[1].status, 0);
    assert_int_equal(got.attempts[1].local_port, 0);
    assert_span(got.credential, NULL); /* of the last attempt */
    assert_int_equal(got.pid, 42);
    assert_int_equal(got.lost, 3);
    assert_span(got.executable, "/usr/bin/wget");
    assert_span(got.module, "libx.so");
    assert_int_equal(got.n_args, 3);
    assert_span(got.args[2], "http://a.test/");
    assert_true(got.met_407);
    assert_true(got.unresolved);
}

static void test_all_keys(void **state)
{
    (void)state;
    assert_int_equal(parse(LINE, sizeof LINE - 1), A407_REPORT_EXCHANGE);
    check_all();
    /* nothing is left of it in the next one */
    assert_int_equal(parse("{}", 2), A407_REPORT_FOREIGN);
    assert_int_equal(got.n_attempts, 0);
    assert_span(got.module, NULL);
    assert_false(got.client_sent);
}

/* A syslog daemon writes its own head before the record. */
static void test_head(void **state)
{
    static const char line[] = "Nov 21 14:03:05 host auth407[42]: " LINE;

    (void)state;
    assert_int_equal(parse(line, sizeof line - 1), A407_REPORT_EXCHANGE);
    check_all();
}

/* A line that was cut anywhere is torn, whatever is missing. */
static void test_cut(void **state)
{
    size_t n;

    (void)state;
    for (n = 0; n < sizeof LINE - 1; n++)
        assert_int_equal(parse(LINE, n), A407_REPORT_TORN);
}

/* No byte that is put in the place of another leads outside the line. */
static void test_changed(void **state)
{
    static const char bytes[] = "{}[]\",:\\0e-\x80\xff";
    char line[] = LINE;
    size_t i, k;

    (void)state;
    for (i = 0; i < sizeof line - 1; i++)
        for (k = 0; k < sizeof bytes; k++) {
            char was = line[i];

            line[i] = bytes[k];
            parse(line, sizeof line - 1);
            line[i] = was;
        }
}

static const struct {
    const char *line;
    enum a407_report_kind kind;
} kinds[] = {
    {"", A407_REPORT_TORN},
    {"no JSON at all", A407_REPORT_TORN},
    {"[1]", A407_REPORT_TORN}, /* no object */
    {"{}", A407_REPORT_FOREIGN},
    {"{\"a\":1} {\"b\":2}", A407_REPORT_TORN},
    {"{'a':1}", A407_REPORT_TORN},
    {"{\"a\":01}", A407_REPORT_TORN},
    {"{\"a\":\"\xff\"}", A407_REPORT_TORN}, /* no UTF-8: RFC 8259 section 8.1 */
    {"{\"a\":1e999}", A407_REPORT_FOREIGN},
    {HEAD "\"outcome\":\"resolved\"}", A407_REPORT_FOREIGN},
    {HEAD "\"outcome\":\"new\",\"cause\":\"none\",\"proxy\":{\"address\":"
          "\"p\"}}",
     A407_REPORT_FOREIGN},
    {HEAD "\"outcome\":\"resolved\",\"cause\":\"none\",\"proxy\":{\"address\":"
          "\"p\"}}",
     A407_REPORT_EXCHANGE},
    {"{\"timestamp\":\"2026-11-21T14:03:05Z\",\"schema\":2,\"event\":{"
     "\"name\":\"proxy.authentication\"},\"outcome\":\"resolved\",\"cause\":"
     "\"none\",\"proxy\":{\"address\":\"p\"}}",
     A407_REPORT_NEWER},
    {"{\"timestamp\":\"2026-11-21T14:03:05Z\",\"schema\":1,\"event\":{"
     "\"name\":\"auth407.new\"}}",
     A407_REPORT_UNKNOWN},
    {"{\"timestamp\":\"2026-11-21T14:03:05Z\",\"schema\":0,\"event\":{"
     "\"name\":\"auth407.new\"}}",
     A407_REPORT_FOREIGN},
    {"{\"timestamp\":\"2026-11-21T14:03:05Z\",\"schema\":1}",
     A407_REPORT_FOREIGN},
    {"{\"timestamp\":\"1969-12-31T23:59:59Z\",\"schema\":1,\"event\":{"
     "\"name\":\"auth407.problem\"},\"message\":\"m\"}",
     A407_REPORT_FOREIGN},
    {"{\"timestamp\":\"yesterday\",\"schema\":1,\"event\":{\"name\":"
     "\"auth407.problem\"},\"message\":\"m\"}",
     A407_REPORT_FOREIGN},
    {"{\"timestamp\":\"2026-11-21T14:03:05Z\",\"schema\":1,\"event\":{"
     "\"name\":\"process.not_covered\"},\"reason\":\"static\"}",
     A407_REPORT_FOREIGN},
    {"{\"timestamp\":\"2026-11-21T14:03:05Z\",\"schema\":1,\"event\":{"
     "\"name\":\"process.not_covered\"},\"reason\":\"static\",\"process\":"
     "{\"executable\":{\"path\":\"/x\"}}}",
     A407_REPORT_BEYOND},
    {"{\"timestamp\":\"2026-11-21T14:03:05Z\",\"schema\":1,\"event\":{"
     "\"name\":\"auth407.problem\"},\"message\":\"m\"}",
     A407_REPORT_PROBLEM},
};

static void test_kinds(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        enum a407_report_kind kind =
            parse(kinds[i].line, strlen(kinds[i].line));

        if (kind != kinds[i].kind)
            fail_msg("%s: %d", kinds[i].line, (int)kind);
    }
    assert_span(message, "m");
}

/* What was observed is unresolved only if the last answer was a refusal. */
static void test_unresolved(void **state)
{
    static const struct {
        const char *outcome;
        int status, last;
        bool met, unresolved;
    } cases[] = {
        {"observed", 407, 407, true, true},
        {"observed", 407, 401, true, true},
        {"observed", 407, 200, true, false},
        {"observed", 200, 200, false, false},
        {"resolved", 407, 200, true, false},
        {"unresolved", 407, 407, true, true},
        {"not_retried", 407, 407, true, true},
        {"unresolved", 401, 401, true, true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[512];
        int n = snprintf(line, sizeof line,
                         HEAD "\"outcome\":\"%s\",\"cause\":\"%s\",\"proxy\":{"
                              "\"address\":\"p\"},\"http\":{\"response\":{"
                              "\"status_code\":%d}},\"final\":{\"status_code\":"
                              "%d}}",
                         cases[i].outcome,
                         cases[i].status == 200 ? "none" : "rejected",
                         cases[i].status, cases[i].last);

        assert_int_equal(parse(line, (size_t)n), A407_REPORT_EXCHANGE);
        assert_int_equal(got.met_407, cases[i].met);
        assert_int_equal(got.unresolved, cases[i].unresolved);
    }
}

/* A text beyond the limit is cut after a whole character; no NUL gets in. */
static void test_long(void **state)
{
    char line[4096] = HEAD "\"cause\":\"", *p = line + strlen(line);
    size_t i;

    (void)state;
    *p++ = 'x';
    for (i = 0; i < A407_REPORT_KEY_MAX; i++)
        p = stpcpy(p, "\xc3\xa9");
    strcpy(p, "\",\"outcome\":\"resolved\",\"detail\":\"a\\u0000b\",\"proxy\":"
              "{\"address\":\"p\",\"port\":99999}}");
    assert_int_equal(parse(line, strlen(line)), A407_REPORT_EXCHANGE);
    assert_int_equal(got.cause.n, A407_REPORT_KEY_MAX - 1);
    assert_int_equal(got.cause_id, A407_CAUSE_COUNT);
    assert_span(got.detail, "a b");
    assert_int_equal(got.proxy_port, 0);
}

/* Depth costs no stack: yajl keeps its own, and a line has an end. */
static void test_deep(void **state)
{
    enum { DEEP = 200000 };
    char *line = malloc(2 * DEEP + 16);

    (void)state;
    assert_non_null(line);
    strcpy(line, "{\"a\":");
    memset(line + 5, '[', DEEP);
    memset(line + 5 + DEEP, ']', DEEP);
    strcpy(line + 5 + 2 * DEEP, "}");
    assert_int_equal(parse(line, 2 * DEEP + 6), A407_REPORT_FOREIGN);
    assert_int_equal(parse(line, DEEP), A407_REPORT_TORN);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_keys),   cmocka_unit_test(test_head),
        cmocka_unit_test(test_cut),        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_kinds),      cmocka_unit_test(test_long),
        cmocka_unit_test(test_unresolved), cmocka_unit_test(test_deep),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
